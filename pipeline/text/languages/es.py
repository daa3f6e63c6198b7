"""Spanish."""

from pipeline.text.languages.language import SpacedLanguage

_TO_THIRTY = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco "
    "veintiséis veintisiete veintiocho veintinueve treinta"
).split()
_NUMBER_WORDS = {word: number for number, word in enumerate(_TO_THIRTY)}
_NUMBER_WORDS |= {"cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80}
_NUMBER_WORDS |= {"noventa": 90, "cien": 100, "ciento": 100, "doscientos": 200, "doscientas": 200}
_NUMBER_WORDS |= {"trescientos": 300, "trescientas": 300, "cuatrocientos": 400, "cuatrocientas": 400}
_NUMBER_WORDS |= {"quinientos": 500, "quinientas": 500, "seiscientos": 600, "seiscientas": 600}
_NUMBER_WORDS |= {"setecientos": 700, "setecientas": 700, "ochocientos": 800, "ochocientas": 800}
_NUMBER_WORDS |= {"novecientos": 900, "novecientas": 900}

_MONTHS = ("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre").split()

_KIN = (
    "(?:madre|mamá|padre|papá|padres|hermanos?|hermanas?|esposa|esposo|mujer|marido|hijos?|hijas?|abuela|"
    "abuelo|tía|tío|primo|prima|novia|novio|perros?|perra|gatos?|gata|jefe|jefa|familia|amigo|amiga)"
)
_MY = "(?:mi|mis|nuestro|nuestra|nuestros|nuestras)"

SPANISH = SpacedLanguage(
    code="es",
    spoken_lead="¿Qué falta en esta frase, que {speaker} escribió{when}?",
    spoken_when=" en el diálogo del {time}",
    read_lead="¿Qué falta en esta frase, que el usuario leyó{when} en {where}?",
    read_when=" el {date}",
    months={month: number for number, month in enumerate(_MONTHS, 1)} | {"setiembre": 9},
    decimal_mark=",",
    negations=frozenset("no nunca jamás ni sin tampoco ningún ninguno ninguna".split()),
    vague_openings=frozenset(
        """él ella ello ellos ellas este esta esto estos estas ese esa eso esos esas aquel aquella aquello
        aquellos aquellas su sus y e pero o u sino pues así entonces allí ahí aquí además también tampoco
        luego después antes ambos ambas dicho dicha dichos dichas tal tales""".split()
    ),
    persons=frozenset(
        """yo me mí mi mis conmigo nosotros nosotras nos nuestro nuestra nuestros nuestras tú te ti tu tus
        contigo usted ustedes vosotros vosotras os vuestro vuestra""".split()
    ),
    hedges=frozenset(
        """si quizá quizás tal acaso podría podrían debería deberían sería serían creo supongo pienso
        gustaría ojalá gracias probablemente posiblemente haría""".split()
    ),
    approximations=frozenset(
        """unos unas casi aproximadamente cerca alrededor más menos hasta o sobre entre apenas
        cerca""".split()
    ),
    lasting_facts=(
        r"\b(?:me llamo|vivo|vivimos|viví|nací|soy|somos|trabajo|trabajamos|trabajé|estudio|estudié|"
        r"estudiamos|tengo|tenemos|tuve|juego|toco|hablo|aprendo|enseño|colecciono|compré|compramos|adopté|"
        r"me gusta|me encanta|me casé|me mudé|nos mudamos|nos casamos|gané|conduzco|llevo|aprendí|crecí|"
        r"me gradué|viajé|viajamos|fui|estoy aprendiendo|estoy estudiando)\b",
        rf"\b{_MY} (?:[\w-]+ )?{_KIN} (?:[\w-]+ ){{0,3}}?(?:se llama|se llaman|vive|viven|nació|es|son|"
        r"trabaja|trabajan|estudia|estudian|tiene|tienen|juega|toca|habla|enseña|colecciona|compró|adoptó|"
        r"fue|era|ganó|se casó|se mudó|murió)\b",
        rf"\b{_MY} (?:[\w-]+ ){{0,2}}?(?:favorit[oa]s?|preferid[oa]s?|nombre|cumpleaños|boda|trabajo|casa|"
        r"mascota|afición|carrera|ciudad natal)\b",
    ),
    thing_patterns=(
        r"\b(?:toco|toca|tocamos|juego al|juega al|jugamos al|estudio|estudié|estudia|hablo|habla|aprendo|"
        r"aprende|enseño|enseña|colecciono|colecciona|estoy aprendiendo|estoy estudiando) "
        r"(?:(?:el|la|los|las|un|una|muy|bien|también|a) )*(?P<thing>[\w-]{3,})",
        r"\b(?:trabajo|trabaja|trabajé|trabajaba) (?:como|de) (?P<thing>[\w-]{4,})",
        r"\b(?:favorit[oa]s?|preferid[oa]s?) (?:es|son|era|fue) (?:(?:el|la|los|las|un|una) )?"
        r"(?P<thing>[\w-]{3,})",
        rf"\b(?:soy|{_KIN} (?:es|era)) (?:(?:un|una) )?"
        r"(?P<thing>[\w-]{2,}(?:ero|era|or|ora|ista|logo|loga|grafo|grafa|ico|ica|ado|ada|ante|ente))"
        r"(?=[ ,.!]|$)",
        r"\b(?:soy alérgic[oa] a|tengo miedo a|me dan miedo|soy fanátic[oa] de) "
        r"(?:(?:el|la|los|las|l[oa]s) )?(?P<thing>[\w-]{3,})",
    ),
    allowed_chars=range(30, 281),
    number_words=_NUMBER_WORDS,
    scales={"mil": 10**3, "millón": 10**6, "millones": 10**6, "billón": 10**12, "billones": 10**12},
    number_joiners=frozenset("y"),
    date_joiners=frozenset("de del".split()),
    ordinal_marks=frozenset("º°"),
    determiners=frozenset("el la los las un una unos unas su sus este esta ese esa".split()),
    name_particles=frozenset("de del la las los of the von van".split()),
    place_prepositions=frozenset("en desde hacia hasta a".split()),
    title_cues=frozenset(
        """titulado titulada titulados llamado llamada llamados denominado denominada película novela libro
        canción álbum serie periódico revista artículo título obra término apodo lema como""".split()
    ),
    reference_words=frozenset(
        "sección capítulo figura tabla página recuadro apéndice anexo véase revise cuadro".split()
    ),
    abbreviations=frozenset(
        "al sr sra srta dr dra prof d da art núm pág págs vol etc ej aprox av st ud uds ee uu p jr".split()
    ),
)

"""French."""

from pipeline.text.languages.language import SpacedLanguage

_TO_SIXTEEN = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
).split()
_NUMBER_WORDS = {word: number for number, word in enumerate(_TO_SIXTEEN)}
_NUMBER_WORDS |= {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60}
_NUMBER_WORDS |= {"septante": 70, "huitante": 80, "nonante": 90, "cent": 100}
_NUMBER_WORDS |= {"dix-sept": 17, "dix-huit": 18, "dix-neuf": 19, "soixante-dix": 70}
_NUMBER_WORDS |= {"quatre-vingt": 80, "quatre-vingts": 80, "quatre-vingt-dix": 90}
_NUMBER_WORDS |= {
    f"{tens}-{unit}": number + unit_number
    for tens, number in (("vingt", 20), ("trente", 30), ("quarante", 40), ("cinquante", 50))
    for unit_number, unit in enumerate(_TO_SIXTEEN[2:10], 2)
}
_NUMBER_WORDS |= {
    f"{tens}-{unit}": number + unit_number
    for tens, number in (("soixante", 60), ("quatre-vingt", 80))
    for unit_number, unit in enumerate(_TO_SIXTEEN[2:], 2)
}

_MONTHS = ("janvier février mars avril mai juin juillet août septembre octobre novembre décembre").split()

_KIN = (
    "(?:mère|maman|père|papa|parents|frères?|sœurs?|soeurs?|femme|mari|fils|filles?|grand-mère|grand-père|"
    "tante|oncle|cousine?|copine|copain|chiens?|chienne|chats?|chatte|chef|cheffe|famille|ami|amie)"
)
_MY = "(?:mon|ma|mes|notre|nos)"
_I = r"(?:je |j['’])"

FRENCH = SpacedLanguage(
    code="fr",
    spoken_lead="Que manque-t-il dans cette phrase, écrite par {speaker}{when} ?",
    spoken_when=" dans le dialogue du {time}",
    read_lead="Que manque-t-il dans cette phrase, lue par l’utilisateur{when} dans {where} ?",
    read_when=" le {date}",
    months={month: number for number, month in enumerate(_MONTHS, 1)},
    decimal_mark=",",
    negations=frozenset("ne n pas jamais ni sans non aucun aucune".split()),
    vague_openings=frozenset(
        """il elle ils elles on ce cet cette ces cela ceci ça c celui celle ceux celles son sa ses leur leurs
        et mais ou or donc ni car puis ainsi alors là ici y en aussi également ensuite pourtant toutefois
        cependant tel telle""".split()
    ),
    persons=frozenset(
        """je j me m moi mon ma mes nous notre nos tu te t toi ton ta tes vous votre vos""".split()
    ),
    hedges=frozenset(
        """si peut-être pourrait pourraient devrait devraient serait seraient crois pense suppose voudrais
        aimerais merci probablement sûrement aurait auraient""".split()
    ),
    approximations=frozenset(
        "environ presque près plus moins jusqu jusque ou vers quelque quelques autour à peine entre".split()
    ),
    lasting_facts=(
        rf"\b{_I}(?:m['’]appelle|habite|vis|suis|travaille|étudie|ai|avais|joue|parle|apprends|enseigne|"
        r"collectionne|adore|aime|possède|viens|conduis|me suis|fais)\b",
        r"\bnous (?:habitons|vivons|sommes|travaillons|avons|jouons|venons|nous sommes)\b",
        rf"\b{_MY} (?:[\w-]+ )?{_KIN} (?:[\w-]+ ){{0,3}}?(?:s['’]appelle|s['’]appellent|habite|habitent|vit|"
        r"vivent|est|sont|travaille|travaillent|étudie|a|ont|joue|parle|enseigne|collectionne|vient|était)\b",
        rf"\b{_MY} (?:[\w-]+ ){{0,2}}?(?:préféré|préférée|préférés|préférées|nom|prénom|anniversaire|mariage|"
        r"métier|maison|appartement|ville natale)\b",
    ),
    thing_patterns=(
        r"\b(?:joue|jouons) (?:(?:aussi|beaucoup|souvent) )?(?:du |de la |de l['’]|au |à la |aux )"
        r"(?P<thing>[\w-]{3,})",
        rf"\b(?:{_I}|{_KIN} )(?:étudie|apprends|apprend|enseigne|collectionne|parle) "
        r"(?:(?:le|la|les|un|une|aussi|bien|couramment) |l['’])*(?P<thing>[\w-]{3,})",
        rf"\b(?:{_I}|{_KIN} )(?:travaille|travaillais|travaillait) comme (?P<thing>[\w-]{{4,}})",
        r"\bpréférée?s? (?:est|sont|était|reste) (?:(?:le|la|les|un|une) |l['’])?(?P<thing>[\w-]{3,})",
        rf"\b(?:{_I}suis|{_KIN} (?:est|était)) (?:(?:un|une) )?"
        r"(?P<thing>[\w-]{2,}(?:eur|euse|ien|ienne|iste|ier|ière|ateur|atrice|logue|graphe|cin|cien))"
        r"(?=[ ,.!]|$)",
        r"\b(?:allergique|accro) (?:aux |au |à la |à l['’]|à )(?P<thing>[\w-]{3,})",
    ),
    allowed_chars=range(30, 281),
    number_words=_NUMBER_WORDS,
    scales={"mille": 10**3, "million": 10**6, "millions": 10**6, "milliard": 10**9, "milliards": 10**9},
    number_joiners=frozenset(["et"]),
    date_joiners=frozenset(["de"]),
    ordinal_marks=frozenset(["er"]),
    elisions=frozenset("l d j m t s n c qu jusqu lorsqu puisqu quoiqu presqu".split()),
    determiners=frozenset("le la les l un une des du au aux son sa ses leur leurs ce cet cette ces".split()),
    name_particles=frozenset("de du des d la le les l of the von van".split()),
    place_prepositions=frozenset("à en dans depuis vers de".split()),
    title_cues=frozenset(
        """intitulé intitulée intitulés appelé appelée appelés nommé nommée dénommé film roman livre chanson
        album série journal revue article titre ouvrage terme surnom devise comme expression""".split()
    ),
    reference_words=frozenset("section chapitre figure tableau page encadré annexe voir appendice".split()),
    abbreviations=frozenset("m mme mlle dr pr me mgr st ste art av no n p pp vol etc env ex c al".split()),
)

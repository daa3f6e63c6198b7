"""German."""

from pipeline.text.languages.language import SpacedLanguage

_ONES = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split()
_TENS = {"zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70}
_TENS |= {"achtzig": 80, "neunzig": 90}
_UNITS = dict(zip("ein zwei drei vier fünf sechs sieben acht neun".split(), range(1, 10), strict=True))
_TEENS = dict(zip("drei vier fünf sech sieb acht neun".split(), range(13, 20), strict=True))

_NUMBER_WORDS = {word: number for number, word in enumerate(_ONES)}
_NUMBER_WORDS |= {f"{stem}zehn": number for stem, number in _TEENS.items()} | _TENS
_NUMBER_WORDS |= {
    f"{unit}und{tens}": number + unit_number
    for tens, number in _TENS.items()
    for unit, unit_number in _UNITS.items()
}
_NUMBER_WORDS |= {"hundert": 100, "einhundert": 100, "tausend": 1000, "eintausend": 1000}
_NUMBER_WORDS |= {f"{unit}hundert": 100 * number for unit, number in _UNITS.items() if number > 1}
_NUMBER_WORDS |= {f"{unit}tausend": 1000 * number for unit, number in _UNITS.items() if number > 1}

_MONTHS = "januar februar märz april mai juni juli august september oktober november dezember".split()

_KIN = (
    "(?:mutter|mama|vater|papa|eltern|bruder|brüder|schwester|schwestern|frau|mann|sohn|tochter|kinder|oma|"
    "opa|onkel|tante|cousin|cousine|freund|freundin|hund|katze|chef|chefin|familie)"
)
_MY = r"(?:mein|meine|meinen|meinem|meiner|unser|unsere|unseren)"
_SELF = rf"(?:ich|wir|{_MY} (?:[\w-]+ )?{_KIN})"

GERMAN = SpacedLanguage(
    code="de",
    spoken_lead="Was fehlt in diesem Satz, den {speaker}{when} geschrieben hat?",
    spoken_when=" im Gespräch vom {time}",
    read_lead="Was fehlt in diesem Satz, den der Nutzer{when} in {where} gelesen hat?",
    read_when=" am {date}",
    months={month: number for number, month in enumerate(_MONTHS, 1)} | {"jänner": 1},
    decimal_mark=",",
    negations=frozenset("nicht kein keine keinen keiner keinem nie niemals weder ohne statt".split()),
    vague_openings=frozenset(
        """er sie es dies diese dieser dieses diesem diesen jene jener jenes das dort dabei dadurch dafür
        dagegen daher damals danach darauf daraufhin darin darunter davon dazu deshalb deswegen hier hierbei
        hierzu ihr ihre ihrem ihren ihrer sein seine seinem seinen seiner und aber oder denn doch jedoch
        außerdem allerdings so solche somit beide letztere""".split()
    ),
    persons=frozenset(
        """ich mich mir mein meine meinen meinem meiner wir uns unser unsere unseren unserem unserer du dich
        dir dein deine deinen deinem deiner euch euer eure""".split()
    ),
    hedges=frozenset(
        """wenn falls würde würden könnte könnten vielleicht wahrscheinlich vermutlich wohl glaube denke
        schätze möchte möchten soll sollte sollten hätte hätten wäre wären danke""".split()
    ),
    approximations=frozenset(
        """etwa rund ungefähr circa ca fast beinahe knapp gut über mehr mindestens höchstens bis oder unter
        weniger ab zirka nahezu annähernd""".split()
    ),
    lasting_facts=(
        rf"\b{_SELF} (?:[\w-]+ ){{0,3}}?(?:heiße|heißt|wohne|wohnt|wohnen|lebe|lebt|leben|komme|kommt|kommen|"
        r"stamme|stammt|arbeite|arbeitet|arbeiten|studiere|studiert|studieren|lerne|lernt|spiele|spielt|"
        r"habe|haben|hat|besitze|besitzt|liebe|sammle|sammelt|bin|ist|sind|war|wurde|wurden|fahre|fährt|"
        r"laufe|läuft|trainiere|spreche|spricht|unterrichte|unterrichtet|mag|gehe|geht|kaufte|gewann|zog|zogen|heirate|heiratet)\b",
        rf"\b(?:heiße|wohne|lebe|arbeite|studiere|spiele|habe|haben|bin|ist|sind|war|wurde|komme|lerne|"
        rf"fahre|spreche|liebe) (?:[\w-]+ ){{0,3}}?{_SELF}\b",
        rf"\b{_MY} (?:[\w-]+ ){{0,2}}?(?:lieblings\w+|name|geburtstag|hochzeit|beruf|hobby|haustier|"
        r"wohnung|heimatstadt|studium|ausbildung)\b",
    ),
    thing_patterns=(
        rf"\b{_SELF} (?:[\w-]+ ){{0,2}}?(?:spiele|spielt|spielen|lerne|lernt|lernen|studiere|studiert|"
        r"studieren|spreche|spricht|sprechen|unterrichte|unterrichtet|sammle|sammelt|sammeln) "
        r"(?:seit (?:\w+ )?(?:jahren|monaten|kindheit|[12]\d{3}) )?"
        r"(?:(?:jetzt|gerade|schon|auch|gern|gerne|sehr|fließend|ein|eine|einen|etwas) )*"
        r"(?P<thing>[\w-]{3,})",
        rf"\b(?:arbeite|{_SELF} (?:arbeitet|arbeiten|bin|ist|war)) (?:[\w-]+ )?als (?P<thing>[\w-]{{4,}})",
        r"\b(?:wohne|wohnt|wohnen|lebe|lebt|leben|komme|kommt|kommen|stamme|stammt|studiere|studiert) "
        r"(?:[\w-]+ ){0,3}?(?:in|aus|bei) (?P<thing>[\w-]{3,})",
        r"\b(?:in|aus|nach) (?P<thing>[\w-]{3,}) "
        r"(?:geboren|aufgewachsen|gezogen|umgezogen|gelebt|gewohnt|studiert)",
        r"\blieblings\w+ (?:ist|sind|war|heißt|bleibt) (?:(?:der|die|das|ein|eine) )?(?P<thing>[\w-]{3,})",
        rf"\b{_SELF} (?:bin|ist|war|wurde) (?:(?:von beruf|gelernter|gelernte|ein|eine) )?"
        r"(?P<thing>[\w-]{4,}(?:er|erin|in|ist|istin|arzt|ärztin|mann|frau|ant|eur|or))(?=[ ,.!]|$)",
        rf"\b{_SELF} (?:bin|ist) (?:allergisch (?:gegen|auf)|verrückt nach|süchtig nach) "
        r"(?P<thing>[\w-]{3,})",
    ),
    allowed_chars=range(30, 281),
    number_words=_NUMBER_WORDS,
    scales={"tausend": 10**3, "million": 10**6, "millionen": 10**6, "milliarde": 10**9}
    | {"milliarden": 10**9, "billion": 10**12, "billionen": 10**12, "mio": 10**6, "mrd": 10**9},
    ordinal_marks=frozenset("."),
    determiners=frozenset(
        """der die das des dem den ein eine einen einem einer eines kein keine keinen keinem keiner mein meine
        meinen meinem meiner dein deine sein seine seinen seinem seiner seines ihr ihre ihren ihrem ihrer
        ihres unser unsere unseren unserem dieser diese dieses diesem diesen jeder jede jedes jedem jeden
        jener jene jenes welche welcher welches alle allen aller viele vielen vieler einige einigen einiger
        mehrere mehreren mehrerer manche beide beiden zum zur im am vom beim ins ans""".split()
    ),
    name_particles=frozenset("van de du del di da la le of the".split()),
    name_cues=frozenset(
        """herr herrn frau doktor dr professor prof präsident präsidentin kaiser kaiserin könig königin papst
        prinz prinzessin kanzler kanzlerin ministerin minister bischof graf heißt heiße namens
        genannt nannte stadt dorf fluss""".split()
    ),
    place_prepositions=frozenset("in nach aus bei".split()),
    title_cues=frozenset(
        """titel titels film films roman romans buch buches lied album serie zeitung zeitschrift artikel
        aufsatz stück oper gedicht song genannt namens bezeichnet wort begriff spitznamen motto
        namen""".split()
    ),
    abbreviations=frozenset(
        """ca bzw usw etc evtl ggf dr prof nr st str hl hr fr abb bd vgl z b d h u a s o ä jh mio mrd inkl al
        max min sog ph jr sr co inc""".split()
    ),
    reference_words=frozenset("abschnitt kapitel abbildung tabelle seite anhang siehe kasten".split()),
    has_ordinal_stops=True,
    has_capitalized_nouns=True,
    profession_endings=(
        *("er", "ers", "or", "ors", "eur", "eurs", "ist", "isten", "ent", "enten", "ant", "anten", "in"),
        *("loge", "logen", "graf", "grafen", "graph", "mann", "frau"),
    ),
    first_names=frozenset(
        """peter walter werner günter günther oliver alexander roger jennifer christopher heiner rainer
        javier xavier walther esther jupiter martin kevin edwin benjamin robin colin erwin augustin valentin
        justin calvin edwin katrin kathrin karin austin victor viktor hector trevor igor vincent clement brent
        kent laurent florent karen helen ellen carmen jürgen steven owen lauren kathleen maureen gretchen
        stephen hagen jochen torsten carsten lincoln grant bryant herrmann hermann""".split()
    ),
    noun_endings=(
        *("ung", "ungen", "heit", "heiten", "keit", "keiten", "schaft", "schaften", "tion", "tionen"),
        *("ität", "itäten", "tum", "nis", "nisse", "nissen", "ismus", "ling", "chen", "lein", "ment", "enz"),
        *("anz", "sion", "sionen", "logie", "graphie", "grafie", "kunde", "ologe", "ologen", "iker", "ikern"),
        *(
            "leiter",
            "leiters",
            "leiterin",
            "werk",
            "werke",
            "gesetz",
            "system",
            "systeme",
            "jahr",
            "jahre",
            "jahren",
            "zeit",
            "recht",
            "ung",
        ),
    ),
    common_nouns=frozenset(
        """stadt städte land länder staat staaten universität präsident könig königin kaiser herr frau doktor
        professor prozent meter kilometer millionen milliarden million milliarde dollar euro pfund tonnen
        stunden minuten sekunden tage tagen wochen monate monaten jahre jahren jahrhundert jahrhunderts
        menschen personen mitglieder mitgliedern teil teile ende anfang beginn hilfe grund folge form kraft
        weise art arten reihe bezug rahmen hand leben welt krieg kriege zeit zeiten team liga schule schulen
        schüler schülern lehrer lehrern studenten professoren kirche partei gruppe gruppen region regionen
        fluss berg insel inseln regierung gesetz artikel film buch bücher lied album serie firma unternehmen
        arbeit bedeutung gebiet gebiete gebieten bereich bereiche zahl zahlen anzahl grad uhr euro
        januar februar märz april mai juni juli august september oktober november dezember montag dienstag
        mittwoch donnerstag freitag samstag sonntag kinder kindern frauen männer männern eltern mutter
        vater bruder schwester sohn tochter mitglied abgeordneter deutsch englisch französisch
        polnisch russisch spanisch italienisch latein griechisch chinesisch wasser luft energie
        sauerstoff gott""".split()
    ),
    place_endings=(
        *("land", "burg", "berg", "stadt", "dorf", "heim", "furt", "reich", "bach", "hausen", "hafen"),
        *("weiler", "kirchen", "ingen", "ow", "itz", "ien", "ton", "ford", "ville", "chester", "shire"),
        *("stan", "polis", "brück", "münde", "felden", "rode", "wald", "wick"),
    ),
)

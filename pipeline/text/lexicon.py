"""Lists of English words for the keyword rules, and the names of the months."""

MONTHS = frozenset(
    "january february march april may june july august september october november december".split()
)
DAYS = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday christmas easter halloween thanksgiving
    michaelmas whitsuntide lent""".split()
)
TITLES = frozenset(
    """mr mrs ms miss dr doctor sir lady lord madam captain colonel admiral general major lieutenant
    king queen prince princess duke professor president bishop father brother sister uncle aunt st saint
    farmer inspector elder""".split()
)
EVENTS = frozenset(
    """accident arrival attack ball banquet baptism battle birth birthday burial celebration ceremony
    class competition concert conference contest coronation crash death departure dinner divorce duel
    earthquake election engagement escape exam feast fever fight fire flood funeral game graduation hunt
    illness internship interview journey lecture marriage massacre meeting mission murder party passover
    picnic plague practice proposal quarrel race rebellion rehearsal robbery sacrifice shipwreck siege
    sickness slaughter storm tempest tour tournament trial trip victory visit voyage war wedding
    wreck""".split()
)
DETERMINERS = frozenset("a an the my your his her its our their thy this that".split())
# A name after one of these is a place.
LOCATIVE_WORDS = frozenset(
    "in at from near into through unto towards toward to visit visited reached left".split()
)
# Words that begin a name and are not one alone.
NAME_PREFIXES = frozenset(
    "saint st st. san santa los las new north south east west southern northern el de la von".split()
)
# Words that are written like names and name nobody and nothing.
NON_NAMES = frozenset(
    """i i'm i've i'll i'd o oh ah god god's lord lord's lol xd ok okay haha ya amen thou thee ill id im ive
    gf bf ta tas hw hs tis twas alleluia hallelujah selah""".split()
)

"""Lists of English words for the keyword rules, and the names of the months."""

MONTH_NUMBERS = {
    month: number
    for number, month in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
}
MONTHS = frozenset(MONTH_NUMBERS)
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
# Words that characterise no text, though they follow articles as the names of things do.
GENERAL_WORDS = frozenset(
    """able account actual age amount area aspect attempt average back background bad basic basis beginning
    best better big bit bottom bunch case certain chance change choice clear close common complete
    condition couple course current cut day days deal dear decision default detail difference different
    difficulty direct double early easy effect effort end entire exact example extra fact far fast
    favorite favourite feeling feelings few final fine first five following form former four free fresh
    front full fun further future general goal good great group guy guys half happy hard help high hour
    hours huge idea important individual instance interest issue job kind large last late latest least
    left less level life like line little long longer look lot low lower main major man manner many
    matter maximum mean means method middle mind minimum minor minute minutes moment moments month
    months more morning most name narrow natural nature necessary need new next nice night normal note
    number numbers old one open opinion opportunity opposite option order ordinary original other others
    outside own pair part particular parts past people perfect period person piece pieces place places
    plain plan point points poor position possible present previous private problem process proper
    purpose question quick quiet range rare rate real reason recent regular reply rest result rich right
    role rough round rule sake same scale second sense separate serious set shape share short side sides
    sight similar simple single size slight slow small soft sort special specific spot stage start state
    step still strange stuff style such sudden sum sure surface system task term thing things third
    thought three time times tiny tip title top torn total trouble true try turn two type typical upper
    usual value variety version view wait warm way ways week weeks weird while whole wide wish woman
    wonder wonderful word words work world worse worst wrong year years yesterday young""".split()
)

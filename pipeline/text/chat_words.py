"""Words of people who write as they speak: abbreviations, and words that say nothing by themselves."""

SHORT_MONTHS = frozenset("jan feb mar apr jun jul aug sep sept oct nov dec".split())
SHORT_DAYS = frozenset("mon tue tues wed weds thu thur thurs fri sat sun".split())
# Words, case folded, that a message is as clear without. Forms of stop words without their apostrophes, too.
FILLERS = frozenset(
    """u ur urs r n w b c y k ya ye yea yeah yep yes yup nope nah no na ok okay kk oh ooh ah aw aww ahh hm hmm
    um uh ugh oof ouch lol lmao lmaoo lmaooo lmaoooo haha hahaha omg wtf jfc ffs idk tbh imo btw fyi rn
    atm tho thx ty tysm pls plz ily bc cos cuz coz gonna wanna gotta kinda sorta dunno im ive id ill
    dont doesnt didnt cant couldnt wont wouldnt isnt arent wasnt werent havent hasnt hadnt shouldnt its
    thats whats wheres whos hows hes shes theyre theyve weve youre youve youll theyll itll theres heres
    lets aint wld shld cld abt bout gd rly obv obvs obvi prob probs def literally basically actually
    honestly clearly apparently well right so then too also just like really very yay nice cool great
    good sweet congrats wow woah whoa hey hi hiya yo hello bye dude bro man mate babe hun hon lad girl
    guys ppl what when where who why how told noted xx xxx xo ha heh tmrw tmr tonite today tonight
    tomorrow yesterday now soon later same again""".split()
)

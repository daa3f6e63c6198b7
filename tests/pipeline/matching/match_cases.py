"""Cases of answer matching: gold answers, a reply, and whether a reader says that it gives the answer.

REAL: gold answers of SQuAD 2.0's and HotpotQA's development splits, unchanged. MADE: our own gold answers.
All replies are ours, written as models write them.

REVIEWED: mistakes of the rules that a reader of them reported.

BLIND: batches by writers who did not know the rules, nearly all with questions and golds of those two
sources and replies of their own. docs/results.md has the results of each batch before the rules were
changed for it.
"""

import json
from pathlib import Path

Case = tuple[list[str], str, bool]

REVIEWED: list[Case] = [
    (["Paris"], "Based on the text, the capital is Paris.", True),
    (["Paris"], "However, the capital is Paris.", True),
    (["photosynthesis"], "Final answer: photosynthesis", True),
    (["blue"], "Here's the answer: blue", True),
    (["Smith"], "Mr. Smith directed the film.", True),
    (["Everest"], "Mt. Everest is the highest.", True),
    (["Solar System"], "It lies in our Solar System.", True),
    (["Rome"], "Rome does not qualify.", False),
    (["fourth"], "They won a fourth title in 2010.", True),
    (["half-brother"], "He is a half-brother of the king.", True),
    (["one third"], "1/3", True),
    (["one"], "Well I think it was four.", False),
    (["Elizabeth I"], "Queen Elizabeth the First", True),
    (["yes"], "The answer is yes.", True),
    (["yes"], "They are.", True),
    (["no"], "The answer is no.", True),
    (["yes"], "Only one of them is.", False),
    (["Michael Jackson"], "Jackson Pollock painted it.", False),
    (["Whitney Houston"], "Houston, Texas", False),
    (["George Washington"], "Washington, D.C.", False),
    (["Manchester United"], "United Kingdom", False),
    (["Native American"], "They were American.", False),
    (["Real Madrid"], "Madrid", False),
    (["Vitamin A"], "Vitamin C", False),
    (["Serie A"], "Serie A", True),
    (["Serie A"], "Serie B", False),
    (["3-2"], "2-3", False),
    (["1-1"], "1", False),
    (["Monson, Maine"], "Monson, Massachusetts", False),
    (["Monson, Maine"], "Monson, ME", True),
    (["Monson, Maine"], "Monson. It is a small town.", True),
    (["Portland, Maine"], "Portland Oregon", False),
    (["May 3"], "3", False),
    (["Beatles (The)"], "The Beatles", True),
]


def _batch(number: int) -> list[Case]:
    lines = Path(__file__).with_name("blind_cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [one for one in map(json.loads, lines) if one["batch"] == number]
    return [(one["gold"], one["reply"], one["right"]) for one in cases]


BLIND = {number: _batch(number) for number in range(1, 5)}

REAL: list[Case] = [
    (["Iroquois"], "They lived under Iroquois rule.", True),
    (["Iroquois"], "Some lived under Algonquin rule.", False),
    (["detrimental", "long lasting detrimental effect"], "It has a detrimental effect.", True),
    (["ideological"], "He was a biological father.", False),
    (["the Montreal Protocol", "Montreal Protocol"], "That was Montreal's famous protocol on smog", False),
    (["the Montreal Protocol", "Montreal Protocol"], "The Montréal Protocol of 1987", True),
    (["2010"], "In 2010.", True),
    (["2010"], "It opened in 20101, not earlier.", False),
    (["1,600 mm"], "1600 mm", True),
    (["1,600 mm"], "The gauge is 11,600 mm.", False),
    (["San Diego International Airport"], "London Gatwick, not San Diego International Airport", False),
    (["Brazil"], "Most of it lies in Peru and Colombia; the Brazilian part is smaller.", False),
    (["Brazil"], "Brazil, with 60 % of the forest", True),
    (["New Holland"], "It was named New Holland by the Dutch.", True),
    (["1191"], "1191 AD", True),
    (["convergent boundaries"], "A convergent boundary", False),
    (["Eureka Stockade"], "The Eureka Stockade.", True),
    (["inequality"], "Income inequality", True),
    (["Jean-Claude Juncker"], "Juncker", True),
    (["Jean-Claude Juncker"], "Jean Claude Juncker is the president.", True),
    (["2"], "Two.", True),
    (["2"], "There are 2.5 on average.", False),
    (["2"], "There are 12 of them", False),
    (["Falls"], "A fall", True),
    (["5% production cut"], "a 5 percent production cut", True),
    (["34 million years", "34 million"], "Over the last thirty-four million years", True),
    (["34 million years", "34 million"], "34 billion years", False),
    (["L"], "All of them are.", False),
    (["L"], "It is called L", True),
    (["the study of rocks", "study of rocks"], "Petrology is the study of the rocks.", True),
    (["131"], "131 million", False),
    (["131"], "It has 131 seats.", True),
    (["the sixteenth century", "sixteenth century"], "In the 16th century", True),
    (["9.8 million"], "about 9.8 million volumes", True),
    (["9.8 million"], "9.8 thousand", False),
    (["Sydney"], "I don't know, but it wasn't Sydney.", False),
    (["Shia terrorist", "Shia terrorist groups"], "Sunni militias", False),
    (["8,648"], "8648", True),
    (["4,613"], "More than 4,600", False),
    (["genus"], "Both are genera", False),
    (["genus"], "A genus.", True),
    (["ten"], "She often sang there.", False),
    (["ten"], "She was 10 years old.", True),
    (["To be"], "It used to be a monologue.", False),
    (["To be"], 'The phrase "To be, or not to be"', True),
    (["IT"], "I think it offered consulting.", False),
    (["IT"], "IT services", True),
    (["Romas Kalanta"], "Kalanta", True),
    (["Romas Kalanta"], "Romas Lileikis", False),
    (["President Bill Clinton"], "Bill Clinton", True),
    (["President Bill Clinton"], "George Bush rather than Bill Clinton", False),
    (["Thomas Loren Friedman"], "Thomas Friedman has won three.", True),
    (["Fort Valley, Georgia"], "Its head office is in Fort Valley, Georgia.", True),
    (["double platinum"], "It was certified platinum.", False),
    (["January 2001"], "It was founded in January 2001.", True),
    (["January 2001"], "January 1991", False),
    (["9Lives"], "9Lives", True),
    (["Betty Cohen"], "Betty Cohen founded Cartoon Network.", True),
    (["singer"], "Both are singers.", True),
    (["northeastern"], "In the northeastern part.", True),
]

MADE: list[Case] = [
    (["874.3 square miles"], "874.3", True),
    (["874.3 square miles"], "874.31", False),
    (["3 million people"], "3", False),
    (["yes"], "Yes, both are American.", True),
    (["yes"], "They are both American.", True),
    (["yes"], "No.", False),
    (["yes"], "They aren't.", False),
    (["yes"], "I do not know.", False),
    (["no"], "No, only the first one is.", True),
    (["no"], "They are not from the same country.", True),
    (["no"], "Yes, I know they are.", False),
    (["no"], "Nobody knows", False),
    (["no"], "I'm not sure.", False),
    (["Paris"], "It is not Paris.", False),
    (["Paris"], "No, it was Paris.", True),
    (["Paris"], "Not only Paris but all of France", True),
    (["Paris"], "Not London but Paris", True),
    (["Paris"], "Instead of Paris they chose Rome.", False),
    (["Paris"], "She never went to Paris.", False),
    (["Paris"], "PARIS", True),
    (["Paris"], "Parisian", False),
    (["not guilty"], "He was found not guilty.", True),
    (["guilty"], "He was found not guilty.", False),
    (["three"], "3", True),
    (["3"], "Three of them", True),
    (["3"], "the third", False),
    (["third"], "the 3rd", True),
    (["twenty-five"], "25", True),
    (["1.0"], "1", True),
    (["1,000,000"], "1000000", True),
    (["café"], "a cafe", True),
    (["Ann's cat"], "Ann’s cat", True),
    (["cat"], "catalogue", False),
    (["the cat"], "A cat.", True),
    ([], "anything", False),
    (["x"], "", False),
    (["Smith & Sons"], "Smith and Sons", True),
]

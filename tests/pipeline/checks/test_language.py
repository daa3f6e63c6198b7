"""Questions whose evidence is plainly in another language are dropped, all others are kept."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.context import CheckContext
from pipeline.checks.language import check, detect_other_language
from pipeline.chunking import ChunkingContext
from pipeline.core.params import Params
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Instance, Question
from tests.pipeline.questions.factories import make_instance, make_question

OTHERS = {
    "Danish": [
        "Min søster flyttede til Odense i foråret, fordi hun havde fået et nyt arbejde på sygehuset der.",
        "Jeg kan godt lide at bage, men i går glemte jeg brødet i ovnen, og så blev det helt sort.",
        "Kongen døde om vinteren, og hans yngste bror overtog slottet, selv om mange bønder var imod det.",
    ],
    "German": [
        "Meine Schwester ist nach Leipzig gezogen, weil sie dort eine Stelle im Krankenhaus gefunden hat.",
        "Ich backe eigentlich gern, aber gestern habe ich das Brot im Ofen vergessen und es wurde schwarz.",
        "Der König starb im Winter, und sein jüngster Bruder übernahm die Burg gegen den Willen der Bauern.",
    ],
    "Spanish": [
        "Mi hermana se mudó a Valencia en primavera porque había encontrado un trabajo nuevo en el hospital.",
        "Me gusta mucho hornear, pero ayer se me olvidó el pan en el horno y quedó todo negro.",
        "y tu que haces? yo estoy en casa con mi perro, pero luego voy a la playa con mis amigos",
    ],
    "Finnish": [
        "Sisareni muutti keväällä Turkuun, koska hän oli saanut sieltä uuden työn ja halusi asua lähellä.",
        "Minä leivon mielelläni, mutta eilen unohdin leivän uuniin ja sitten se oli ihan musta.",
    ],
    "French": [
        "Ma sœur a déménagé à Lyon au printemps parce qu'elle avait trouvé un nouveau travail à l'hôpital.",
        "J'aime bien faire du pain, mais hier je l'ai oublié dans le four et il était tout noir.",
        "Le roi mourut en hiver et son plus jeune frère prit le château malgré la colère des paysans.",
    ],
    "Italian": [
        "Mia sorella si è trasferita a Torino in primavera perché aveva trovato un nuovo lavoro in ospedale.",
        "Mi piace molto fare il pane, ma ieri l'ho dimenticato nel forno ed era tutto nero.",
    ],
    "Dutch": [
        "Mijn zus is in het voorjaar naar Utrecht verhuisd, omdat ze daar een baan had gevonden.",
        "Ik bak graag, maar gisteren vergat ik het brood in de oven en toen was het helemaal zwart.",
    ],
    "Polish": [
        "Moja siostra przeprowadziła się wiosną do Krakowa, ponieważ znalazła tam pracę i chce być bliżej.",
        "Lubię piec chleb, ale wczoraj zapomniałem o nim i był cały czarny, więc zjedliśmy tylko zupę.",
    ],
    "Portuguese": [
        "A minha irmã mudou-se para o Porto na primavera porque tinha um novo emprego no hospital.",
        "Eu gosto muito de fazer pão, mas ontem esqueci-me dele no forno e ficou todo preto.",
    ],
    "Romanian": [
        "Sora mea s-a mutat la Cluj în primăvară pentru că și-a găsit acolo un loc de muncă nou la spital.",
        "Îmi place mult să fac pâine, dar ieri am uitat-o în cuptor și a ieșit toată neagră.",
    ],
    "Swedish": [
        "Min syster flyttade till Uppsala i våras eftersom hon hade fått ett nytt arbete på sjukhuset där.",
        "Jag tycker om att baka, men i går glömde jag brödet i ugnen och då blev det alldeles svart.",
    ],
    "Turkish": [
        "Kız kardeşim ilkbaharda İzmir'e taşındı, çünkü orada yeni bir iş bulmuştu ve yakın olmak istiyordu.",
        "Ekmek yapmayı çok severim ama dün onu fırında unuttum ve hepsi simsiyah oldu, biz de çorba içtik.",
    ],
    "CYRILLIC letters": [
        "Моя сестра весной переехала в Казань.",
        "Після вечері ми довго гуляли понад річкою.",
    ],
    "GREEK letters": ["Η αδελφή μου μετακόμισε την άνοιξη στην Πάτρα, επειδή βρήκε εκεί καινούργια δουλειά."],
    "CJK letters": ["我姐姐春天搬到了成都,因为她在那里的医院找到了新工作。", "老渔夫说他不想卖掉他的船。"],
    "HANGUL letters": ["우리 누나는 봄에 부산으로 이사했습니다. 병원에서 새 일자리를 찾았기 때문입니다."],
    "ARABIC letters": ["انتقلت أختي إلى الإسكندرية في الربيع لأنها وجدت عملا جديدا في المستشفى."],
    "DEVANAGARI letters": ["मेरी बहन वसंत में जयपुर चली गई क्योंकि उसे वहाँ अस्पताल में नई नौकरी मिली।"],
}
SPANISH, GERMAN = OTHERS["Spanish"][0], OTHERS["German"][0]
ENGLISH = [
    "My sister moved to Valencia in spring because she had found new work at the hospital.",
    "I like to bake, but yesterday I forgot the bread in the oven and it was all black.",
    "The king died in winter, and his youngest brother took the castle.",
    "We went for a long walk along the river after dinner and talked.",
]
NAMES = [
    "Charles de Gaulle",
    "José de los Ríos",
    "Ludwig van der Rohe",
    "São Paulo",
    "La Paz",
    "Łódź",
    "Москва",
]


@pytest.mark.parametrize(("language", "text"), [(one, text) for one in OTHERS for text in OTHERS[one]])
def test_another_language_is_named(language: str, text: str) -> None:
    assert detect_other_language(text) == language
    assert detect_other_language(text.upper()) == language
    assert detect_other_language(text.replace(" ", "\n")) == language


@pytest.mark.parametrize(
    "text",
    [
        *ENGLISH,
        *NAMES,
        "",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14",
        # verse, King James, Shakespeare
        "Thou hast made him to have dominion over the works of thy hands; thou hast put all under his feet",
        "Tyger Tyger, burning bright, In the forests of the night; What immortal hand or eye",
        "Et tu Brute?- Then fall Caesar. Doth not Brutus bootlesse kneele?",
        "O God, men sin; man want God till end: God sent men, fine men, nice men, come end sin",
        # slang
        "haha ya nice, da fam n me r goin 2 la den san fran lol u gonna come or na",
        "ha ha ha ha hahaha no way omg same same lol lol brb gtg ttyl haha nice ok ok",
        "ink ink ink ink ink ink ink ink knife kink ink ink ink ink ini knife ini",
        # names and lists
        "Pedro de la Rosa, Fernando de los Ríos, María del Carmen, Juan van der Berg, Hans von Bülow",
        "It stars Ti Lung, Derek Yee, Ching Li, Yueh Hua, Fan Mei-sheng and Ku Feng.",
        "Tango hits: Carlos Gardel, Por una cabeza, Tita Merello, Se dice, Julio Sosa, Cambalache, Roberto "
        "Goyeneche, Malena, Edmundo Rivero, Melodía, Osvaldo Pugliese, Yumba, Astor Piazzolla, Libertango, "
        "Aníbal Troilo, Responso, Mercedes Simone, Milonga, Charlo, Rondando",
        "Los Angeles, San Diego, El Paso, Las Vegas, La Jolla, Des Moines, Del Rio, Santa Fe, San José",
        "nice car, local sea, fine state, final stop, possible end, certain car, different men, total plus",
        "1. e4 c5 2. Nf3 Nf6 3. d4 cxd4 4. Nxd4 Nxe4 5. Bd3 d5 6. O-O e5",
        # a foreign title in an English sentence, words of another script, letters in a formula
        'The Ethics of Ambiguity (French title: "Pour une morale de l\'ambiguïté") is her second major work.',
        "Abul ʿAla Al-Maʿarri (Arabic أبو العلاء المعري) was a blind poet and writer from Maarat al-Numan.",
        "It follows that ∇ × E = −∂B/∂t, and so α + β = γ in the case of φ = Ω.",
        "𝐇𝐞𝐥𝐥𝐨 𝐦𝐲 𝐝𝐞𝐚𝐫 𝐟𝐫𝐢𝐞𝐧𝐝, ｗｉｄｅ ｌｅｔｔｅｒｓ",
        # half and half
        f"{ENGLISH[0]} {SPANISH}",
        "Hola, como estas? I am well, and how is your mother? We are all here.",
    ],
)
def test_texts_that_may_be_english_are_kept(text: str) -> None:
    assert detect_other_language(text) is None


@given(st.lists(st.sampled_from(ENGLISH), min_size=1), st.lists(st.sampled_from(NAMES), max_size=3))
def test_english_with_foreign_names_is_kept(sentences: list[str], names: list[str]) -> None:
    assert detect_other_language(" ".join(sentences + names)) is None


@given(
    st.sampled_from(sorted(OTHERS)).flatmap(lambda one: st.tuples(st.just(one), st.permutations(OTHERS[one])))
)
def test_more_text_of_a_language_is_still_that_language(one: tuple[str, list[str]]) -> None:
    language, sentences = one
    assert detect_other_language("\n".join(sentences)) == language


def check_question(
    question: Question,
    instance: Instance,
    params: Params,
    context: ChunkingContext,
    language: str | None = "en",
) -> Question | Rejection:
    checks = params.sources["squad_dev"].checks.model_copy(update={"language": language})
    return check(question, CheckContext(instance, checks, context.tokenizer, {}))


def test_evidence_in_another_language_drops_its_question(params: Params, context: ChunkingContext) -> None:
    instance = make_instance("made/i", {"made/r": ENGLISH[0], "made/s": SPANISH}, {"made/t": GERMAN})
    about_spanish = make_question()
    assert check_question(about_spanish, instance, params, context) == Rejection(
        "other language", f"Spanish: {SPANISH[:60]!r}"
    )
    assert check_question(about_spanish, instance, params, context, language=None) == about_spanish
    about_english = make_question(evidence=["made/r"])
    assert check_question(about_english, instance, params, context) == about_english


def test_short_evidence_is_judged_by_the_rest_of_its_chunk_too(
    params: Params, context: ChunkingContext
) -> None:
    question = make_question()
    alone = make_instance("made/i", {"made/s": "Rita: Valencia!"}, {"made/t": SPANISH})
    assert check_question(question, alone, params, context) == question
    among_spanish = make_instance("made/i", {"made/r": SPANISH, "made/s": "Rita: Valencia!"})
    found = check_question(question, among_spanish, params, context)
    assert found == Rejection("other language", "Spanish: 'Rita: Valencia!'")
    among_english = make_instance("made/i", {"made/r": ENGLISH[0], "made/s": "Rita: Valencia!"})
    assert check_question(question, among_english, params, context) == question
    long_list = make_instance("made/i", {"made/r": SPANISH, "made/s": "Rita Valencia " * 6})
    assert check_question(question, long_list, params, context) == question


def test_evidence_of_many_examples_is_judged_together(params: Params, context: ChunkingContext) -> None:
    instance = make_instance("made/i", {"made/r": SPANISH}, {"made/s": ENGLISH[0], "made/t": ENGLISH[1]})
    question = make_question(evidence=["made/r", "made/s", "made/t"], evidence_chunks=[0, 1])
    assert check_question(question, instance, params, context) == question
    spanish_alone = replace(question, evidence=["made/r"], evidence_chunks=[0])
    assert isinstance(check_question(spanish_alone, instance, params, context), Rejection)

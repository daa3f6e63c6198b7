"""Small tokenizers of the tests, cut and merged as those of real models are."""

from collections.abc import Iterable, Sequence

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

# The template of ChatML, as SmolLM2 and Qwen have it.
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# With a place for tools, and with tokens of their own for what a model thinks and calls.
CHATML_TOOLS = "{% if tools %}<tool_call>{{ tools | tojson }}</tool_call>{% endif %}" + CHATML
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
ADDED = ("<tool_call>", "</tool_call>", "<think>", "</think>")

TEXTS = [
    "The user met Ann in Rome. Ann's kite is red; 12 kites flew on 2024-01-03, and one was lost.",
    '<tool_call>{"name": "new_memory_insert", "arguments": {"memory_type": "semantic"}}</tool_call>\n',
    "<|im_start|>user\nWhat is it?<|im_end|>\n  <s> [INST] said the assistant </s>",
]


def byte_level(added: Sequence[str] = ADDED, white_space: Iterable[str] = ()) -> PreTrainedTokenizerFast:
    """A byte-level BPE, as GPT-2, SmolLM2, Llama 3 and Qwen have it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS * 3,
        trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, special_tokens=list(SPECIAL)),
    )
    made.add_tokens([AddedToken(token, normalized=False) for token in [*added, *white_space]])
    return _finished(made, CHATML_TOOLS if added else CHATML)


def sentence_pieces(unigram: bool) -> PreTrainedTokenizerFast:
    """Pieces of sentences, as Llama 2 (BPE) and T5 (unigram) have them; `</s>` is a piece like any other."""
    made = Tokenizer(models.Unigram() if unigram else models.BPE(unk_token="<unk>", fuse_unk=True))
    special = ["<unk>", "<s>", "</s>"]
    kinds = {"special_tokens": special, "vocab_size": 400}
    if unigram:
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        made.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(unk_token="<unk>", **kinds)
    else:
        made.normalizer = normalizers.Sequence(
            [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
        )
        trainer = trainers.BpeTrainer(**kinds)
    made.train_from_iterator(TEXTS * 3, trainer)
    template = "{% for m in messages %}<s>[INST] {{ m['content'] }} [/INST]{% endfor %}"
    return _finished(made, template, eos="</s>", pad="<unk>")


def _finished(
    made: Tokenizer, template: str, eos: str = "<|im_end|>", pad: str = "<|endoftext|>"
) -> PreTrainedTokenizerFast:
    finished = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=eos, pad_token=pad)
    finished.chat_template = template
    return finished

"""Make small tokenizers that split and merge text like those of real models."""

from collections.abc import Iterable, Sequence

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

# The ChatML template of SmolLM2 and Qwen.
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# The same with a place for tools; its tokenizer has control tokens around thinking and calls.
CHATML_TOOLS = "{% if tools %}<tool_call>{{ tools | tojson }}</tool_call>{% endif %}" + CHATML
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
ADDED = ("<tool_call>", "</tool_call>", "<think>", "</think>")

TEXTS = [
    "The user met Ann in Rome. Ann's kite is red; 12 kites flew on 2024-01-03, and one was lost.",
    '<tool_call>{"name": "new_memory_insert", "arguments": {"memory_type": "semantic"}}</tool_call>\n',
    "<|im_start|>user\nWhat is it?<|im_end|>\n  <s> [INST] said the assistant </s>",
]


def make_byte_level_tokenizer(
    added: Sequence[str] = ADDED, white_space: Iterable[str] = ()
) -> PreTrainedTokenizerFast:
    """Make a byte-level BPE tokenizer like those of GPT-2, SmolLM2, Llama 3 and Qwen."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        TEXTS * 3,
        trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, special_tokens=list(SPECIAL)),
    )
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in [*added, *white_space]])
    return _wrap_tokenizer(tokenizer, CHATML_TOOLS if added else CHATML)


def make_gluing_tokenizer(text: str) -> PreTrainedTokenizerFast:
    """Make a byte-level BPE tokenizer that cuts nowhere before it merges, and has `text` as a token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options = {"initial_alphabet": alphabet, "special_tokens": list(SPECIAL)}
    tokenizer.train_from_iterator([text] * 3, trainers.BpeTrainer(vocab_size=600, **options))
    return _wrap_tokenizer(tokenizer, CHATML)


def make_sentence_piece_tokenizer(unigram: bool) -> PreTrainedTokenizerFast:
    """Make a SentencePiece tokenizer like those of Llama 2 (BPE) and T5 (unigram).

    Its `</s>` is a piece like any other.
    """
    tokenizer = Tokenizer(models.Unigram() if unigram else models.BPE(unk_token="<unk>", fuse_unk=True))
    special = ["<unk>", "<s>", "</s>"]
    options = {"special_tokens": special, "vocab_size": 400}
    if unigram:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(unk_token="<unk>", **options)
    else:
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
        )
        trainer = trainers.BpeTrainer(**options)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    template = "{% for m in messages %}<s>[INST] {{ m['content'] }} [/INST]{% endfor %}"
    return _wrap_tokenizer(tokenizer, template, eos="</s>", pad="<unk>")


def _wrap_tokenizer(
    tokenizer: Tokenizer, template: str, eos: str = "<|im_end|>", pad: str = "<|endoftext|>"
) -> PreTrainedTokenizerFast:
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=eos, pad_token=pad)
    wrapped.chat_template = template
    return wrapped

"""Builds the tiny checkpoints and trained adapters that scripts load by a relative id."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What lies under which id. The first id of a row is built, the others are copies of it.
BASES: dict[str, tuple[str, ...]] = {
    "llama": (
        "base-model",
        "meta-llama/Llama-2-7b-hf",
        "meta-llama/Llama-3.1-8B",
        "meta-llama/Llama-3.2-1B",
        "mistralai/Mistral-7B-v0.1",
        "Qwen/Qwen2.5-0.5B",
        "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
    ),
    "llama_with_dropout": ("base-with-dropout",),
    "llama_that_samples": ("base-that-samples", "meta-llama/Llama-2-7b-chat-hf"),
    "gpt2": ("gpt2", "openai-community/gpt2"),
    "bert": ("bert-base-uncased", "bert-base-cased", "google-bert/bert-base-uncased"),
    "distilbert": ("distilbert-base-uncased", "distilbert/distilbert-base-uncased"),
    "deberta_v2": ("microsoft/deberta-v3-base", "microsoft/deberta-v3-small"),
    "roberta": ("roberta-base", "FacebookAI/roberta-base", "roberta-large"),
    "t5": ("t5-small", "google/flan-t5-base", "google-t5/t5-small"),
    "vit": ("google/vit-base-patch16-224-in21k",),
    "wav2vec2": ("facebook/wav2vec2-base",),
    "resnet": ("microsoft/resnet-18", "microsoft/resnet-50"),
}
# Trained adapters: id -> (base id, auto class, keywords of LoraConfig). All have lora_B != 0.
ADAPTERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "my-adapter": (
        "base-model",
        "AutoModelForCausalLM",
        {"task_type": "CAUSAL_LM", "target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.1},
    ),
    "my-other-adapter": (
        "base-model",
        "AutoModelForCausalLM",
        {"task_type": "CAUSAL_LM", "target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.1},
    ),
    "my-adapter-without-dropout": (
        "base-model",
        "AutoModelForCausalLM",
        {"task_type": "CAUSAL_LM", "target_modules": ["q_proj", "v_proj"]},
    ),
    "my-gpt2-adapter": (
        "gpt2",
        "AutoModelForCausalLM",
        {"task_type": "CAUSAL_LM", "target_modules": ["c_attn"], "fan_in_fan_out": True},
    ),
    "my-bert-adapter": (
        "bert-base-uncased",
        "AutoModelForSequenceClassification",
        {"task_type": "SEQ_CLS", "lora_dropout": 0.1},
    ),
    "my-t5-adapter": ("t5-small", "AutoModelForSeq2SeqLM", {"task_type": "SEQ_2_SEQ_LM"}),
}
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT = SMALL | {"intermediate_size": 32, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
VOCABULARY = 160


def named_in(code: str) -> set[str]:
    """Return the ids that occur in the text of `code`, with the bases of its adapters."""
    adapters = {name for name in ADAPTERS if name in code}
    bases = {ADAPTERS[name][0] for name in adapters}
    return adapters | bases | {name for row in BASES.values() for name in row if name in code}


def build_all(folder: Path) -> None:
    """Write every checkpoint below `folder`; the same bytes each time."""
    import torch

    for kind, (first, *copies) in BASES.items():
        torch.manual_seed(len(kind))
        model, suffix = BUILDERS[kind]()
        with torch.no_grad():
            for parameter in model.parameters():  # larger than the usual 0.02: effects show
                if parameter.ndim > 1:
                    parameter.normal_(0, 0.3)
        model.save_pretrained(folder / first)
        if suffix is not None:
            tokenizer(suffix).save_pretrained(folder / first)
        for copy in copies:
            shutil.copytree(folder / first, folder / copy)
    for seed, (name, (base, auto_class, keywords)) in enumerate(ADAPTERS.items()):
        torch.manual_seed(seed)
        _train_adapter(folder, name, base, auto_class, keywords)


def _train_adapter(
    folder: Path, name: str, base: str, auto_class: str, keywords: dict[str, Any]
) -> None:
    import peft
    import transformers

    model = getattr(transformers, auto_class).from_pretrained(folder / base)
    model = peft.get_peft_model(model, peft.LoraConfig(r=8, lora_alpha=16, **keywords))
    make_trained(model)
    for config in model.peft_config.values():
        config.base_model_name_or_path = base
    model.save_pretrained(folder / name, save_embedding_layers=False)


def make_trained(model: Any) -> None:
    """Give every `lora_B` of `model` random values, as training would."""
    import torch

    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter.normal_(0, 0.5)


def tokenizer(template: str) -> Any:
    """Return a tokenizer with one token for each word; words that it does not know are alike.

    `template` is the post-processor's pattern, e.g. "<s> $A </s>".
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    specials = ["<pad>", "<s>", "</s>", "<mask>", "<unk>"]
    known = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    known += [f"word{number}" for number in range(VOCABULARY - len(specials) - len(known))]
    vocabulary = {token: index for index, token in enumerate(specials + known)}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        mask_token="<mask>",
        unk_token="<unk>",
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )


def _llama(**extra: Any) -> tuple[Any, str]:
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"num_key_value_heads": 2, "max_position_embeddings": 512}
    config = LlamaConfig(vocab_size=VOCABULARY, **TEXT, **sizes, **extra)
    return LlamaForCausalLM(config), "$A"


def _llama_with_dropout() -> tuple[Any, str]:
    return _llama(attention_dropout=0.2)


def _llama_that_samples() -> tuple[Any, str]:
    model, template = _llama()
    model.generation_config.do_sample = True
    return model, template


def _gpt2() -> tuple[Any, str]:
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 512}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, **sizes, **tokens)), "$A"


def _bert() -> tuple[Any, str]:
    from transformers import BertConfig, BertForPreTraining

    return BertForPreTraining(BertConfig(vocab_size=VOCABULARY, **TEXT)), "<s> $A </s>"


def _distilbert() -> tuple[Any, str]:
    from transformers import DistilBertConfig, DistilBertForMaskedLM

    sizes = {"dim": 16, "hidden_dim": 32, "n_layers": 2, "n_heads": 2}
    config = DistilBertConfig(vocab_size=VOCABULARY, pad_token_id=0, **sizes)
    return DistilBertForMaskedLM(config), "<s> $A </s>"


def _deberta_v2() -> tuple[Any, str]:
    from transformers import DebertaV2Config, DebertaV2ForMaskedLM

    config = DebertaV2Config(vocab_size=VOCABULARY, pooler_hidden_size=16, **TEXT)
    return DebertaV2ForMaskedLM(config), "<s> $A </s>"


def _roberta() -> tuple[Any, str]:
    from transformers import RobertaConfig, RobertaForMaskedLM

    return RobertaForMaskedLM(RobertaConfig(vocab_size=VOCABULARY, **TEXT)), "<s> $A </s>"


def _t5() -> tuple[Any, str]:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    tokens = {"pad_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 0}
    config = T5Config(vocab_size=VOCABULARY, **sizes, **tokens)
    return T5ForConditionalGeneration(config), "$A </s>"


def _vit() -> tuple[Any, None]:
    from transformers import ViTConfig, ViTModel

    return ViTModel(ViTConfig(image_size=8, patch_size=4, intermediate_size=32, **SMALL)), None


def _wav2vec2() -> tuple[Any, None]:
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    layers = {"conv_dim": (16, 16), "conv_kernel": (10, 3), "conv_stride": (5, 2)}
    positions = {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
    config = Wav2Vec2Config(
        **SMALL, **layers, **positions, intermediate_size=32, mask_time_length=2
    )
    return Wav2Vec2Model(config), None


def _resnet() -> tuple[Any, None]:
    from transformers import ResNetConfig, ResNetModel

    sizes = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}
    return ResNetModel(ResNetConfig(**sizes, layer_type="basic")), None


BUILDERS: dict[str, Callable[[], tuple[Any, str | None]]] = {
    "llama": _llama,
    "llama_with_dropout": _llama_with_dropout,
    "llama_that_samples": _llama_that_samples,
    "gpt2": _gpt2,
    "bert": _bert,
    "distilbert": _distilbert,
    "deberta_v2": _deberta_v2,
    "roberta": _roberta,
    "t5": _t5,
    "vit": _vit,
    "wav2vec2": _wav2vec2,
    "resnet": _resnet,
}

"""The shipped tables agree with the installed transformers, with PEFT, and with each other."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from peft.utils.other import _set_trainable
from torch import nn
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

from peft_lint import knowledge
from peft_lint.knowledge import loads, modules
from tools.extract.measured import left_out

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(knowledge.__file__).parent
TOML = tomllib.loads((FOLDER / "checkpoints.toml").read_text("utf-8"))


def table(name):
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def built(model_type, task):
    """Return the class of a family for a task, with its default config, without weights."""
    config = transformers.AutoConfig.for_model(model_type)
    for field in ("num_hidden_layers", "n_layer", "encoder_layers", "decoder_layers", "num_layers"):
        if isinstance(getattr(config, field, None), int):
            setattr(config, field, 1)
    auto = getattr(transformers, f"AutoModelFor{task}" if task else "AutoModel")
    with torch.device("meta"):
        return auto.from_config(config)


# -- classes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LlamaForCausalLM", ("llama", "CausalLM")),
        ("LlamaModel", ("llama", None)),
        ("GPT2LMHeadModel", ("gpt2", "CausalLM")),
        ("BertForSequenceClassification", ("bert", "SequenceClassification")),
        ("T5ForConditionalGeneration", ("t5", "Seq2SeqLM")),
        ("WhisperForConditionalGeneration", ("whisper", "SpeechSeq2Seq")),
        ("Wav2Vec2ForSequenceClassification", ("wav2vec2", "AudioClassification")),
        ("Gemma3ForConditionalGeneration", ("gemma3", "ImageTextToText")),
        ("DebertaV2ForTokenClassification", ("deberta-v2", "TokenClassification")),
        ("CLIPModel", ("clip", None)),
    ],
)
def test_model_classes(name, expected):
    assert knowledge.model_class(name) == knowledge.ModelClass(*expected)


@pytest.mark.parametrize("name", ["AutoModel", "AutoModelForCausalLM", "Llama", "", "PeftModel"])
def test_other_names_are_no_model_classes(name):
    assert knowledge.model_class(name) is None


def test_every_class_and_type_exists():
    rows = table("classes")["models"]
    assert {model_type for model_type, _ in rows.values()} <= set(CONFIG_MAPPING_NAMES)
    # A few parts of models are not exported.
    assert len(rows.keys() - set(dir(transformers))) < 10 < 1500 < len(rows)


def test_auto_classes():
    for name in (n for n in dir(transformers) if n.startswith("AutoModelFor")):
        assert knowledge.auto_task(name) == name.removeprefix("AutoModelFor"), name
    assert knowledge.auto_task("AutoModel") is None
    assert knowledge.auto_task("AutoTokenizer") is None
    assert knowledge.auto_task("AutoModelForVision2Seq") == "ImageTextToText"


# -- dropout ----------------------------------------------------------------------------------

ZERO = [
    "llama",
    "mistral",
    "mixtral",
    "qwen2",
    "qwen3",
    "qwen2_moe",
    "qwen3_moe",
    "gemma",
    "gemma2",
    "gemma3",
    "phi3",
    "gptj",
    "bloom",
    "falcon",
    "mpt",
    "modernbert",
    "vit",
    "convnext",
    "resnet",
    "clip",
    "siglip",
    "llava",
    "cohere",
    "olmo",
    "olmo2",
    "stablelm",
    "codegen",
    "gpt_oss",
    "deepseek_v3",
    "glm",
    "glm4",
    "smollm3",
    "gpt_neo",
    "gpt_neox",
    "whisper",
]
NONZERO = [
    "gpt2",
    "gpt_bigcode",
    "opt",
    "t5",
    "mt5",
    "bart",
    "mbart",
    "pegasus",
    "bert",
    "roberta",
    "xlm-roberta",
    "deberta",
    "deberta-v2",
    "distilbert",
    "electra",
    "swin",
    "wav2vec2",
    "hubert",
    "blip-2",
]


def test_default_dropout_of_the_body():
    assert [name for name in ZERO if knowledge.dropout(name, None) is not False] == []
    assert [name for name in NONZERO if knowledge.dropout(name, None) is not True] == []
    for varying in TOML["varying_dropout"]:
        assert knowledge.dropout(varying, "CausalLM") is None
    assert knowledge.dropout(None, "CausalLM") is None
    assert knowledge.dropout("no-such-family", None) is None


@pytest.mark.parametrize(
    "family", ["llama", "mistral", "qwen2", "gemma", "phi3", "mpt", "gpt_neox"]
)
def test_token_classifiers_of_families_without_dropout_have_some(family):
    assert knowledge.dropout(family, "TokenClassification") is True
    assert knowledge.dropout(family, "SequenceClassification") is False


def test_a_head_that_nobody_measured_is_unknown():
    assert knowledge.dropout("siglip2", "ObjectDetection") is None


@pytest.mark.parametrize(
    ("model_type", "task"),
    [
        ("llama", "CausalLM"),
        ("qwen2", "TokenClassification"),
        ("falcon", "TokenClassification"),
        ("gpt_neox", "SequenceClassification"),
        ("bert", "QuestionAnswering"),
        ("t5", "Seq2SeqLM"),
        ("gpt2", "CausalLM"),
        ("vit", "ImageClassification"),
        ("modernbert", "SequenceClassification"),
    ],
)
def test_dropout_agrees_with_the_built_model(model_type, task):
    model = built(model_type, task)
    drops = any(isinstance(m, nn.Dropout) and m.p > 0 for m in model.modules())
    assert knowledge.dropout(model_type, task) is drops


# -- heads ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "uncovered", "families"),
    [
        ("SequenceClassification", (), ("llama", "bert", "roberta", "distilbert", "gpt2", "qwen3")),
        (
            "SequenceClassification",
            ("classification_head",),
            ("t5", "mt5", "umt5", "bart", "mbart", "plbart", "mvp", "bigbird_pegasus"),
        ),
        ("SequenceClassification", ("pooler",), ("deberta", "deberta-v2")),
        ("SequenceClassification", ("dense",), ("eurobert",)),
        ("SequenceClassification", ("sequence_summary",), ("xlm", "flaubert")),
        ("SequenceClassification", ("sequence_summary", "logits_proj"), ("xlnet",)),
        ("SequenceClassification", ("head",), ("modernbert",)),
        ("TokenClassification", (), ("llama", "bert", "gpt2", "deberta-v2")),
        ("TokenClassification", ("head",), ("modernbert",)),
        ("QuestionAnswering", (), ("llama", "bert", "distilbert", "mt5", "t5")),
        ("QuestionAnswering", ("qa_classifier",), ("big_bird",)),
        ("QuestionAnswering", ("head", "classifier"), ("modernbert",)),
        ("QuestionAnswering", ("answer_head",), ("lxmert",)),
        ("QuestionAnswering", ("splinter_qass",), ("splinter",)),
        ("ImageClassification", ("classifier",), ("vit", "swin", "convnext", "resnet", "clip")),
        ("ImageClassification", ("score",), ("imagegpt",)),
        ("ImageClassification", ("fc",), ("textnet", "hgnet_v2")),
        (
            "AudioClassification",
            ("projector", "classifier"),
            ("wav2vec2", "hubert", "wavlm", "whisper"),
        ),
        ("AudioClassification", ("classifier",), ("audio-spectrogram-transformer",)),
        ("MultipleChoice", ("classifier",), ("bert", "roberta")),
        ("SemanticSegmentation", ("decode_head",), ("segformer",)),
        ("CTC", ("lm_head",), ("wav2vec2", "hubert")),
    ],
)
def test_uncovered_heads(task, uncovered, families):
    for family in families:
        found = knowledge.heads(family, task)
        assert found is not None, family
        assert left_out(found, task) == uncovered, family


def test_poolers_inside_the_base():
    assert knowledge.heads("bert", "SequenceClassification").poolers == ("bert.pooler",)
    assert knowledge.heads("bert", "TokenClassification").poolers == ()
    assert knowledge.covers("bert.pooler", ["pooler"])


def test_linear_layers_of_heads():
    assert knowledge.heads("roberta", "TokenClassification").linear == ("classifier",)
    whole = knowledge.heads("roberta", "SequenceClassification")
    assert whole.linear == ("classifier.dense", "classifier.out_proj")


def test_unknown_heads():
    assert knowledge.heads(None, "SequenceClassification") is None
    assert knowledge.heads("bert", None) is None
    assert knowledge.heads("bert", "CausalLM") is None
    assert knowledge.heads("perceiver", "SequenceClassification") is None


@pytest.mark.parametrize(
    ("model_type", "task"),
    [
        ("llama", "SequenceClassification"),
        ("llama", "TokenClassification"),
        ("distilbert", "SequenceClassification"),
        ("deberta-v2", "SequenceClassification"),
        ("bart", "SequenceClassification"),
        ("t5", "SequenceClassification"),
        ("modernbert", "QuestionAnswering"),
        ("wav2vec2", "AudioClassification"),
        ("swin", "ImageClassification"),
    ],
)
def test_heads_agree_with_the_built_model(model_type, task):
    model = built(model_type, task)
    outside = tuple(
        name
        for name, child in model.named_children()
        if name != model.base_model_prefix and any(True for _ in child.parameters())
    )
    assert knowledge.heads(model_type, task).modules == outside


@pytest.mark.parametrize("names", [["classifier"], ["score"], ["fier"], ["head.dense"], ["x"]])
def test_covers_agrees_with_peft(names):
    model = nn.ModuleDict({"pre_classifier": nn.Linear(2, 2), "classifier": nn.Linear(2, 2)})
    model["head"] = nn.ModuleDict({"dense": nn.Linear(2, 2)})
    before = {name for name, _ in model.named_modules() if name}
    _set_trainable(model, "default", module_names=names, inference_mode=False)
    wrapped = {n for n, m in model.named_modules() if type(m).__name__ == "ModulesToSaveWrapper"}
    assert {name for name in before if knowledge.covers(name, names)} == wrapped


# -- checkpoints ------------------------------------------------------------------------------


def test_json_is_what_the_toml_says():
    assert table("checkpoints") == TOML, "run: python -m tools.make_knowledge"


def test_every_checkpoint_has_a_source_a_known_type_and_known_tasks():
    tasks = {*table("classes")["auto"].values()}
    ids = [checkpoint_id for row in TOML["checkpoints"] for checkpoint_id in row["ids"]]
    assert len(ids) == len(set(ids)) >= 80
    for row in TOML["checkpoints"]:
        assert row["source"] and row["type"] in CONFIG_MAPPING_NAMES, row
        assert set(row["heads"]) <= tasks, row
        assert set(row) <= {"ids", "type", "heads", "carries", "pooler", "pad_token", "source"}, row
    assert set(TOML["prefixes"].values()) <= set(CONFIG_MAPPING_NAMES)
    assert set(TOML["varying_dropout"]) <= set(CONFIG_MAPPING_NAMES)
    assert set(table("ids")["ids"].values()) <= set(CONFIG_MAPPING_NAMES)


def test_families_that_are_said_to_be_tied_are_so_by_default():
    assert {modules.tied(family) for family in TOML["tied"]["families"]} == {True}
    assert knowledge.shares_embedding("gpt2", None)
    assert knowledge.shares_embedding("llama", "meta-llama/Llama-3.2-1B")
    assert not knowledge.shares_embedding("llama", "meta-llama/Llama-2-7b-hf")
    assert not knowledge.shares_embedding("t5", "google/flan-t5-base")


@pytest.mark.parametrize(
    ("checkpoint", "known"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", True),
        ("Qwen/Qwen2.5-14B-Instruct", True),
        ("google/flan-t5-xxl", True),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", False),
        ("Qwen/Qwen3-8B-AWQ", False),
        ("Qwen/Qwen3-8B-FP8", False),
        ("meta-llama/Llama-3.2-1B-Instruct-SpinQuant_INT4_EO8", False),
        ("meta-llama/Llama-3.1-405B-Instruct-FP8", False),
        ("google/gemma-3-4b-it-qat-q4_0-gguf", False),
        ("openai/gpt-oss-20b", False),
        ("unsloth/llama-3-8b-bnb-4bit", False),
        ("somebody/llama", False),
        ("./Llama-2-7b", False),
    ],
)
def test_only_a_well_known_id_surely_has_its_full_weights(checkpoint, known):
    assert knowledge.unquantised(checkpoint) is known


def test_prefixes_agree_with_the_ids():
    every = {**table("ids")["ids"]}
    every |= {name: row["type"] for row in TOML["checkpoints"] for name in row["ids"]}
    for checkpoint_id, model_type in every.items():
        longest = max(filter(checkpoint_id.startswith, TOML["prefixes"]), key=len, default=None)
        assert longest is None or TOML["prefixes"][longest] == model_type, checkpoint_id


@pytest.mark.parametrize(
    ("checkpoint_id", "family"),
    [
        ("bert-base-uncased", "bert"),
        ("google-bert/bert-base-german-cased", "bert"),
        ("Qwen/Qwen1.5-MoE-A2.7B", "qwen2_moe"),
        ("Qwen/Qwen1.5-7B", "qwen2"),
        ("google/pegasus-xsum", "pegasus"),
        ("google/pegasus-x-base", "pegasus_x"),
        ("meta-llama/Llama-3.2-11B-Vision-Instruct", "mllama"),
        ("openai/gpt-oss-20b", "gpt_oss"),
        ("someone/llama-finetuned", None),
        ("./bert-base-uncased", None),
        ("", None),
    ],
)
def test_family(checkpoint_id, family):
    assert knowledge.family(checkpoint_id) == family


def test_only_listed_ids_are_known_checkpoints():
    bert = knowledge.checkpoint("google-bert/bert-base-uncased")
    assert bert.pretrained_only and bert.pooler is True and bert.heads == ()
    assert knowledge.checkpoint("google-bert/bert-base-german-cased") is None
    assert knowledge.checkpoint("meta-llama/Llama-2-7b-hf").pretrained_only
    assert not knowledge.checkpoint("facebook/bart-large-mnli").pretrained_only
    assert not knowledge.checkpoint("google/vit-base-patch16-224").pretrained_only
    assert knowledge.checkpoint("google/vit-base-patch16-224-in21k").pretrained_only


@pytest.mark.parametrize(
    ("checkpoint_id", "task", "fresh"),
    [
        ("bert-base-uncased", "SequenceClassification", ("classifier",)),
        ("microsoft/deberta-v3-base", "SequenceClassification", ("pooler", "classifier")),
        ("answerdotai/ModernBERT-base", "SequenceClassification", ("classifier",)),
        ("google/flan-t5-base", "SequenceClassification", ("classification_head",)),
        ("facebook/bart-large-mnli", "SequenceClassification", ()),
        ("deepset/roberta-base-squad2", "QuestionAnswering", ()),
        ("deepset/roberta-base-squad2", "SequenceClassification", ("classifier",)),
        ("dslim/bert-base-NER", "SequenceClassification", ()),
        ("facebook/wav2vec2-base-960h", "AudioClassification", ("projector", "classifier")),
        ("facebook/wav2vec2-base-960h", "CTC", ()),
        ("facebook/wav2vec2-base", "CTC", ("lm_head",)),
        ("nvidia/mit-b0", "SemanticSegmentation", ("decode_head",)),
        ("gpt2", "CausalLM", None),
        ("someone/else", "SequenceClassification", None),
    ],
)
def test_fresh_heads(checkpoint_id, task, fresh):
    assert knowledge.fresh_heads(checkpoint_id, task) == fresh


# -- size and cost ----------------------------------------------------------------------------


def test_the_tables_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.json")) < 1_500_000


def test_nothing_is_read_before_it_is_asked_for():
    code = (
        "from peft_lint import knowledge; import sys;"
        "assert knowledge.tables.table.cache_info().currsize == 0;"
        "knowledge.heads('bert', 'QuestionAnswering');"
        "assert knowledge.tables.table.cache_info().currsize == 1;"
        "assert not {'tomllib', 'tomli', 'torch', 'transformers', 'peft'} & set(sys.modules)"
    )
    root = FOLDER.parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


SENTENCE = (
    "Some weights of DistilBertForSequenceClassification were not initialized from the model "
    "checkpoint at my/ckpt and are newly initialized: ['pre_classifier.bias', "
    "'classifier.weight']\nYou should probably TRAIN this model on a down-stream task.\n"
)
SHAPES = (
    "Some weights of ViTForImageClassification were not initialized from the model checkpoint at "
    "google/vit and are newly initialized because the shapes did not match:\n"
    "- classifier.weight: found shape torch.Size([9, 8]) in the checkpoint and torch.Size([3, 8])\n"
    "- classifier.bias: found shape torch.Size([9]) in the checkpoint and torch.Size([3])\n"
    "You should probably TRAIN this model\n"
)
REPORT = (
    "[transformers] \x1b[1mBertForTokenClassification LOAD REPORT\x1b[0m from: my/bert\n"
    "Key                     | Status     |\n"
    "------------------------+------------+--+\n"
    "cls.predictions.bias    | UNEXPECTED |\n"
    "classifier.bias         | \x1b[31mMISSING\x1b[0m | \n"
    "\nNotes:\n- MISSING:\tthose params were newly initialized because missing.\n"
)


@pytest.mark.parametrize(
    ("text", "task", "checkpoint", "heads"),
    [
        (SENTENCE, "SequenceClassification", "my/ckpt", ("pre_classifier", "classifier")),
        (SENTENCE, "SequenceClassification", None, ("pre_classifier", "classifier")),
        (SENTENCE, "SequenceClassification", "other/ckpt", None),
        (SENTENCE, "TokenClassification", None, None),
        (SENTENCE.replace("DistilBert", "NoSuchModel"), "SequenceClassification", None, None),
        # Weights were missing, but not those of the head.
        (SENTENCE.replace("classifier", "embeddings"), "SequenceClassification", None, ()),
        (SHAPES, "ImageClassification", "google/vit", ("classifier",)),
        (SENTENCE + REPORT, "TokenClassification", "my/bert", ("classifier",)),
        ("Epoch 1: newly initialized nothing", "TokenClassification", None, None),
        ("", "TokenClassification", None, None),
    ],
)
def test_heads_that_a_load_reports_as_new(text, task, checkpoint, heads):
    assert loads.reported_heads(text, task, checkpoint) == heads

"""What the tools read of model families: source and models of our making, then the real result."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from torch import nn

from peft_lint import knowledge
from peft_lint.knowledge.tables import table
from tools.extract import explained, measured
from tools.extract.assigned import assigned_modules
from tools.extract.auto_classes import model_classes
from tools.extract.building import build, complete, shorten
from tools.extract.built_facts import (
    Built,
    batch_norms,
    chosen_parts,
    dropout,
    dropping_fields,
    heads,
    look_at,
)
from tools.extract.documented_ids import WRONG_IDS, unambiguous_ids
from tools.extract.module_names import folded, merge, short, unfolded

# -- source -----------------------------------------------------------------------------------

MODELING = """
MODEL_MAPPING_NAMES = OrderedDict([("bert", "BertModel"), ("old-bert", "BertModel"),
    ("t5", ("T5Model", "T5ForConditionalGeneration")), ("odd", "OddModel")])
SHARED_NAMES = OrderedDict([("t5", "T5ForConditionalGeneration")])
CAUSAL_NAMES = OrderedDict([("bert", "BertLMHeadModel")])
SEQ2SEQ_NAMES = OrderedDict([*list(SHARED_NAMES.items())])
MODEL_MAPPING = _LazyAutoMapping(CONFIG_MAPPING_NAMES, MODEL_MAPPING_NAMES)
CAUSAL = _LazyAutoMapping(CONFIG_MAPPING_NAMES, CAUSAL_NAMES)
SEQ2SEQ = _LazyAutoMapping(CONFIG_MAPPING_NAMES, SEQ2SEQ_NAMES)
class AutoModel(_BaseAutoModelClass):
    _model_mapping = MODEL_MAPPING
class AutoModelForCausalLM(_BaseAutoModelClass):
    _model_mapping = CAUSAL
class AutoModelForSeq2SeqLM(_BaseAutoModelClass):
    _model_mapping = SEQ2SEQ
"""
MAPPINGS = """
CONFIG_MAPPING_NAMES = OrderedDict([("bert", "BertConfig"), ("old-bert", "BertConfig"),
    ("t5", "T5Config"), ("t5_text", "T5TextConfig"), ("odd-text", "OddConfig")])
SPECIAL_MODEL_TYPE_TO_MODULE_NAME = OrderedDict([("old-bert", "ancient")])
"""
BERT = '''
@auto_docstring(checkpoint="google-bert/bert-base-uncased")
class BertConfig(PreTrainedConfig):
    """See [the paper](https://huggingface.co/papers/1), and
    [another](https://huggingface.co/someone/bert-small) checkpoint.
    """
    model_type = "bert"
class BertPartConfig(PreTrainedConfig):
    """https://huggingface.co/someone/part"""
    model_type = "t5"
'''
T5 = '''
@auto_docstring(checkpoint="someone/t5")
class T5Config(PreTrainedConfig):
    """https://huggingface.co/someone/both."""
    model_type = "t5"
@auto_docstring(checkpoint="someone/t5-part")
class T5TextConfig(PreTrainedConfig):
    """https://huggingface.co/someone/both and https://huggingface.co/google/gemma2-7b"""
    model_type: str = "t5_text"
@auto_docstring(checkpoint="someone/odd")
class OddConfig(PreTrainedConfig):
    model_type = "odd-text"
@auto_docstring(checkpoint="resnet50")
class Backbone(PreTrainedConfig):
    model_type = "backbone"
'''


@pytest.fixture
def models(tmp_path):
    files = {
        "auto/modeling_auto.py": MODELING,
        "auto/auto_mappings.py": MAPPINGS,
        "auto/configuration_auto.py": 'CONFIG_MAPPING_NAMES.update({"backbone": "Backbone"})\n',
        "bert/configuration_bert.py": BERT,
        "bert/modeling_bert.py": "\nclass BertModel(BertPreTrainedModel): ...\n",
        "t5/configuration_t5.py": T5,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_classes_and_their_tasks(models):
    classes, autos = model_classes(models)
    assert classes == {
        "BertLMHeadModel": ["bert", "CausalLM"],
        "BertModel": ["bert", None],
        "OddModel": ["odd", None],
        "T5ForConditionalGeneration": ["t5", "Seq2SeqLM"],
        "T5Model": ["t5", None],
    }
    assert autos == {
        "AutoModelForCausalLM": "CausalLM",
        "AutoModelForSeq2SeqLM": "Seq2SeqLM",
        "AutoModelForVision2Seq": "ImageTextToText",
    }


def test_ids_that_one_family_names(models):
    assert unambiguous_ids(models) == {
        "google-bert/bert-base-uncased": "bert",
        "someone/bert-small": "bert",
        "someone/odd": "odd-text",
        "someone/t5": "t5",
    }
    assert "google/gemma2-7b" in WRONG_IDS


def test_modules_that_the_source_makes(models):
    (models / "bert" / "modeling_bert.py").write_text(
        """
class BertLayer(nn.Module):
    def __init__(self, config):
        self.dense = nn.Linear(1, 2)
        self.cross = BertAttention(config) if config.cross else None
        self.size: int = config.size
        self.drop = nn.Dropout(0.1)
        self.layers = nn.ModuleList([Layer(config) for _ in range(2)])
        self.counts = torch.arange(3)
        self.add_module("named", nn.Linear(1, 1))
        setattr(self, "given", nn.Linear(1, 1))
        local = nn.Linear(1, 1)
""",
        "utf-8",
    )
    made = {"dense", "cross", "layers", "named", "given"}
    assert assigned_modules(models, "bert", {}) == made
    assert assigned_modules(models, "other-type", {"other-type": "bert"}) == made
    assert assigned_modules(models, "other-type", {}) == set()


# -- built models -----------------------------------------------------------------------------


def test_every_task_of_a_small_family():
    built = {
        name: build(name, "electra") for name in ("ElectraModel", "ElectraForTokenClassification")
    }
    base, tokens = built.values()
    assert next(base.parameters()).device.type == "meta"
    assert base.config.num_hidden_layers == 4
    found = [
        look_at(base, "electra", None),
        look_at(tokens, "electra", "TokenClassification"),
    ]
    assert found[1] == Built(
        "electra",
        "TokenClassification",
        "electra",
        ("electra", "classifier"),
        (),
        True,
        ("classifier",),
    )
    row = [["classifier"], [], ["classifier"]]
    assert heads(found)["TokenClassification"] == {"electra": row}
    assert dropout(found, {"electra": base.config}, ()) == {"electra": True}


def test_classes_that_hold_the_parts_of_their_base_model():
    base = Built("x", None, None, ("encoder", "decoder"), (), False)
    linear = ("encoder.dense", "lm_head.dense")
    whole = Built("x", "CTC", None, ("encoder", "decoder", "lm_head"), (), False, linear)
    none = Built("y", "CTC", None, ("backbone", "decoder"), (), False)
    nothing = Built("z", "CTC", "z", ("z",), (), False)
    assert heads([base, whole, none, nothing])["CTC"] == {
        "x": [["lm_head"], [], ["lm_head.dense"]],
        "y": [["decoder"], [], []],
    }


def test_layers_with_running_statistics():
    block = nn.ModuleDict({"norm": nn.BatchNorm2d(2), "still": nn.BatchNorm2d(2)})
    block["still"] = nn.BatchNorm2d(2, track_running_stats=False)
    model = nn.ModuleDict({"stages": nn.ModuleList([block, block]), "norm": nn.LayerNorm(2)})
    shown = look_at(model, "x", "ImageClassification")
    assert shown.batch_norms == ("stages.norm",)
    without = Built("y", "ImageClassification", None, (), (), False)
    assert batch_norms([shown, without]) == {"ImageClassification": {"x": "stages.norm"}}


def test_poolers_and_dropout_of_a_module():
    model = nn.ModuleDict(
        {"bert": nn.ModuleDict({"pooler": nn.ModuleDict({"dense": nn.Linear(2, 2)})})}
    )
    model["classifier"], model["rest"] = nn.Linear(2, 2), nn.Dropout(0.0)
    model.base_model_prefix = "bert"
    shown = look_at(model, "bert", "SequenceClassification")
    assert shown.children == ("bert", "classifier")
    assert (shown.base, shown.poolers, shown.dropout) == ("bert", ("bert.pooler",), False)
    assert shown.linear == ("classifier",)
    model["rest"] = nn.Dropout(0.1)
    assert look_at(model, "bert", None).dropout is True


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        (transformers.LlamaConfig(), set()),
        (transformers.LlamaConfig(attention_dropout=0.1), {("attention_dropout", False)}),
        (transformers.CvtConfig(), {("drop_path_rate", False)}),
        (transformers.XLNetConfig(dropout=0, summary_last_dropout=0.5), set()),
        (transformers.LlavaConfig(text_config=transformers.OPTConfig()), {("dropout", True)}),
        (transformers.CLIPConfig(), set()),
    ],
    ids=["none", "own", "list", "head", "chosen", "fixed"],
)
def test_fields_by_which_a_body_drops_out(config, fields):
    assert {*dropping_fields(config)} == fields


def test_parts_that_can_be_of_any_family():
    assert {*chosen_parts(transformers.LlavaConfig())} == {"text_config", "vision_config"}
    assert {*chosen_parts(transformers.CLIPConfig())} == set()
    bert = transformers.BertConfig()
    both = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(bert, bert)
    assert {*chosen_parts(both)} == {"encoder", "decoder"}


def test_families_whose_dropout_is_not_known():
    llava = transformers.LlavaConfig(text_config=transformers.OPTConfig())
    llama = transformers.LlamaConfig()
    seq = Built("llama", "SequenceClassification", "model", ("model", "score"), (), False)
    tokens = seq._replace(task="TokenClassification", dropout=True)
    base = seq._replace(task=None, base=None)
    configs = {"llava": llava, "llama": llama, "phi": llama, "odd": llama}
    found = [seq, tokens, base, base._replace(family="odd", dropout=True)]
    assert dropout(found, configs, {"phi"}) == {
        "llama": {"SequenceClassification": False, "TokenClassification": True}
    }


def test_configs_are_shortened_and_completed():
    config = transformers.NemotronConfig(num_key_value_heads=None, head_dim=None)
    shorten(config)
    assert config.num_hidden_layers == 4
    complete(config)
    assert config.num_key_value_heads == config.num_attention_heads
    assert config.head_dim == config.hidden_size // config.num_attention_heads


def test_names_of_modules():
    assert short("model.layers.0.self_attn.q_proj") == "self_attn.q_proj"
    assert short("blocks.3.ff.net.0") == "ff.net.0"
    assert short("lm_head") == "lm_head"
    with torch.device("meta"):
        model = nn.ModuleDict({"layers": nn.ModuleList([nn.ModuleDict({"fc": nn.Linear(2, 2)})])})
        model["norm"] = nn.LayerNorm(2)
    row = {}
    merge(row, model, None)
    assert row == {"part": {"layers"}, "linear": {"layers.fc"}, "norm": {"norm"}}


def test_releases_are_folded_and_unfolded():
    measured_rows = {
        "1": {"bert": {"linear": {"a", "b"}}},
        "2": {"bert": {"linear": {"a"}}, "t5": {"linear": {"q"}}},
    }
    families = folded(measured_rows)
    assert families["bert"] == {"linear": {"1": "a b", "2": "a"}}
    assert families["t5"] == {"linear": {"1": "", "2": "q"}}
    rows = {"about": {"releases": ["1", "2"]}, "families": families}
    assert unfolded(rows) == measured_rows


# -- the comparison with an independent measurement -------------------------------------------

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "families.json").read_text("utf-8"))


def test_every_recorded_difference_is_still_what_the_tables_say():
    rows = {row["what"]: row for row in RECORDED["differences"]}
    assert len(rows) == len(RECORDED["differences"]) < 100 < 2500 < RECORDED["compared"]
    for what, row in rows.items():
        assert row["why"] and row["ours"] != row["theirs"], what
        words = what.split()
        if what.startswith("type of "):
            assert table("ids")["ids"].get(words[2]) == row["ours"], what
        elif what.endswith(" drops out"):
            assert knowledge.dropout(words[0], None) is row["ours"], what
        elif what.startswith("heads of "):
            found = knowledge.heads(words[2], words[4])
            assert (found and [*found.modules]) == row["ours"], what


def test_the_comparison_sees_what_differs(tmp_path, capsys, monkeypatch):
    bert = {"linear": ["query", "no_such"], "tied_by_default": True, "dropout_modules": {}}
    llama = {"dropout_modules": {"dropout": 0.1}, "tied_by_default": None}
    facts = {
        "heads": {
            "SEQ_CLS": [
                ["bert", "", "bert", ["classifier"], [], [], ["bert.pooler"]],
                ["deberta", "", "deberta", ["classifier"], [], [], []],
                ["albert", "", "EXC", ["an error"], [], [], []],
            ]
        },
        "modules": {
            "models": {
                "bert": {"classes": {"BertForMaskedLM": bert}},
                "llama": {"classes": {"LlamaForSequenceClassification": llama}},
            }
        },
        "dropout": {"models": {"gpt2": {"zero_in_the_body": True}}},
        "families": {"unambiguous_ids": {"bert": ["someone/bert"]}},
    }
    for name, content in facts.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    monkeypatch.setattr(explained, "FOLDER", tmp_path / "explained")
    explained.FOLDER.mkdir()
    rows = [{"what": "type of gone", "ours": None, "theirs": "x"}]
    (explained.FOLDER / "families.json").write_text(json.dumps({"differences": rows}), "utf-8")
    assert measured.main(tmp_path) == 1
    shown = capsys.readouterr().out.splitlines()
    for line in (
        "heads of deberta for SequenceClassification: ours ['pooler', 'classifier'],"
        " theirs ['classifier']",
        "heads left out of deberta for SequenceClassification: ours ['pooler'], theirs []",
        "linear modules of bert: ours ['query'], theirs ['no_such', 'query']",
        "LlamaForSequenceClassification drops out: ours False, theirs True",
        "gpt2 drops out: ours True, theirs False",
        "type of someone/bert: ours None, theirs 'bert'",
        "explained, but no longer so: type of gone: ours None, theirs 'x'",
    ):
        assert line in shown
    assert not [line for line in shown if "heads of bert" in line or "bert is tied" in line]

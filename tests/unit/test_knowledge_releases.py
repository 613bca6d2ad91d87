"""What the knowledge of releases answers, and what it leaves open."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from peft_lint import knowledge
from peft_lint.knowledge import calls, configs, modules, spellings, timelines, values
from peft_lint.versions.target import known_releases

FOLDER = Path(knowledge.__file__).parent
# All but what is kept by hand.
EXTRACTED = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "checkpoints")


def table(name):
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def exported(library, name):
    """Return the span of releases in which a library exports a name."""
    return timelines.grouped(table(f"{library}_names")["exports"], name)


# -- timelines --------------------------------------------------------------------------------

KNOWN = timelines.Releases(["0.4.0", "0.5.0", "0.5.1", "1.0.2"])


@pytest.mark.parametrize(
    ("release", "meant"),
    [
        ("0.5", "0.5.0"),
        ("0.5.1", "0.5.1"),
        ("0.5.7", "0.5.1"),
        ("0.5.1.post1", "0.5.1"),
        ("0.5.1.dev0", "0.5.0"),
        ("0.4.0rc1", "0.4.0"),
        ("1", "1.0.2"),
        ("1.0.0", "1.0.2"),
        ("0.3.0", None),
        ("0.6", None),
        ("1.1.0.dev0", None),
        ("2", None),
    ],
)
def test_the_release_that_stands_for_another(release, meant):
    position = KNOWN.position(release)
    assert (None if position is None else KNOWN.names[position]) == meant


def test_what_is_no_version_is_an_error():
    with pytest.raises(ValueError, match="newest"):
        KNOWN.position("newest")


@pytest.mark.parametrize(
    ("span", "holding", "lifetime"),
    [
        ("0.5.0", "0111", ("0.5.0", None)),
        ("0.4.0..0.5.0", "1100", ("0.4.0", "0.5.0")),
        ("0.4.0..0.4.0, 0.5.1", "1011", ("0.4.0", None)),
        ("0.4.0..0.4.0, 0.5.1..0.5.1", "1010", ("0.4.0", "0.5.1")),
    ],
)
def test_spans(span, holding, lifetime):
    assert [KNOWN.holds(span, i) for i in range(4)] == [flag == "1" for flag in holding]
    assert timelines.lifetime(span) == lifetime


def test_histories():
    assert [KNOWN.at({"0.5.0": "a", "1.0.2": None}, i) for i in range(4)] == [None, "a", "a", None]
    assert KNOWN.at("same", 0) == "same"


# -- configs ----------------------------------------------------------------------------------


def test_fields_of_a_config_in_a_release():
    fields = configs.fields("peft", "LoraConfig", "0.13")
    assert {"r", "use_dora", "runtime_config", "task_type", "inference_mode"} <= set(fields)
    assert not {"exclude_modules", "lora_bias", "merge_weights"} & set(fields)
    assert fields["use_dora"] == configs.Field("bool", "False", (), True, "0.9.0", None)
    assert fields["bias"].choices == ("none", "all", "lora_only")
    assert configs.fields("peft", "LoraConfig", "0.7.1")["bias"].choices == ()
    assert set(configs.fields("peft", "LoraConfig", "0.2.0")) >= {"merge_weights", "enable_lora"}


@pytest.mark.parametrize(
    ("field", "since"),
    [
        ("layers_to_transform", "0.4.0"),
        ("rank_pattern", "0.6.0"),
        ("loftq_config", "0.7.0"),
        ("use_rslora", "0.8.0"),
        ("use_dora", "0.9.0"),
        ("layer_replication", "0.10.0"),
        ("runtime_config", "0.12.0"),
        ("lora_bias", "0.14.0"),
        ("trainable_token_indices", "0.15.0"),
        ("target_parameters", "0.17.0"),
        ("velora_config", "0.20.0"),
    ],
)
def test_first_release_with_a_field_of_lora(field, since):
    newest = known_releases()["peft"][-1]
    assert configs.fields("peft", "LoraConfig", newest)[field].since == since


def test_defaults_that_changed():
    def default(config, field, release):
        return configs.fields("peft", config, release)[field].default

    assert [default("OFTConfig", "r", r) for r in ("0.15.2", "0.16.0")] == ["8", "0"]
    assert [default("LoraConfig", "lora_alpha", r) for r in ("0.3.0", "0.4.0")] == ["None", "8"]


def test_fields_that_are_not_known():
    assert configs.fields("peft", "BoneConfig", "0.18.1") is not None
    assert configs.fields("peft", "BoneConfig", "0.19.0") is None
    assert configs.fields("peft", "LoraConfig", "99") is None
    assert configs.fields("peft", "NoConfig", "0.13") is None
    assert configs.fields("torch", "LoraConfig", "0.13") is None
    assert configs.every_field("peft", "NoConfig") is None


def test_fields_of_any_release():
    assert {"merge_weights", "use_dora"} <= configs.every_field("peft", "LoraConfig")
    assert "lora_rank" not in configs.every_field("peft", "LoraConfig")
    assert "evaluation_strategy" in configs.every_field("transformers", "TrainingArguments")


def test_what_trl_calls_experimental():
    name = "experimental.cpo.CPOConfig"
    fields = configs.fields("trl", name, "1.16.0", "5.23.0")
    assert "loss_type" in fields and "gradient_checkpointing" in fields
    assert configs.fields("trl", name, "0.25.0", "5.23.0") is None
    assert configs.fields("trl", "experimental.cpo.NoConfig", "1.16.0", "5.23.0") is None
    assert "peft_config" in {
        p.name for p in calls.parameters("trl", "experimental.cpo.CPOTrainer.__init__", "1.16.0")
    }
    assert timelines.span_end(exported("trl", name)) is None
    assert exported("trl", "experimental.ppo.PPOTrainer") == "0.26.0..1.12.0"


@pytest.mark.parametrize(
    ("release", "has", "lacks"),
    [
        ("4.40.0", "evaluation_strategy", "eval_strategy"),
        ("4.46.1", "eval_strategy", "no_such_field"),
        ("4.50.0", "evaluation_strategy", "no_such_field"),
        ("4.51.3", "eval_strategy", "evaluation_strategy"),
        ("4.57.1", "no_cuda", "no_such_field"),
        ("5.0.0", "use_cpu", "no_cuda"),
        ("5.14.1", "warmup_ratio", "no_such_field"),
        ("5.15.0", "warmup_steps", "warmup_ratio"),
    ],
)
def test_training_arguments(release, has, lacks):
    fields = configs.fields("transformers", "TrainingArguments", release)
    assert has in fields and lacks not in fields
    assert set(fields) < set(configs.fields("transformers", "Seq2SeqTrainingArguments", release))


def test_configs_of_trl_have_the_training_arguments_of_transformers():
    assert configs.fields("trl", "SFTConfig", "0.12.0") is None
    assert configs.fields("trl", "SFTConfig", "0.12.0", transformers="9") is None
    fields = configs.fields("trl", "SFTConfig", "0.12.0", transformers="4.46.3")
    assert {"packing", "max_seq_length", "learning_rate"} <= set(fields)
    newer = configs.fields("trl", "SFTConfig", "1.16.0", transformers="5.23.0")
    assert "max_length" in newer and "max_seq_length" not in newer
    assert configs.fields("trl", "ModelConfig", "0.12.0") is not None


def test_members_of_enums():
    assert "BONE" in configs.members("PeftType", "0.14")
    assert "BONE" not in configs.members("PeftType", "0.21.2")
    assert configs.members("TaskType", "0.3.0") < configs.members("TaskType", "0.4.0")
    assert configs.members("NoType", "0.4.0") is configs.members("TaskType", "99") is None


# -- names ------------------------------------------------------------------------------------


def test_exports():
    assert exported("peft", "prepare_model_for_int8_training") == "0.2.0..0.9.0"
    assert timelines.span_end(exported("trl", "SFTTrainer")) is None
    assert exported("transformers", "LlamaForCausalLM") == "4.28.1"
    assert timelines.span_end(exported("transformers", "TFBertModel")) == "4.57.6"
    assert exported("peft", "NoSuchName") is None


def test_imports():
    rows = table("peft_names")
    mapping = rows["imports"]["peft.mapping"]
    assert timelines.grouped(mapping, "get_peft_model") == "0.0.1..0.14.0"
    # What comes from another package is not known.
    assert timelines.grouped(mapping, "torch") is None
    assert timelines.span_end(timelines.grouped(rows["modules"], "peft.tuners.lora")) is None


@pytest.mark.parametrize(
    ("module", "name", "home"),
    [
        ("peft.mapping", "get_peft_model", "peft"),
        ("peft.peft_model", "LoraModel", "peft"),
        ("peft.utils", "PeftConfig", "peft"),
        ("peft.utils.config", "PeftConfigMixin", "peft.config"),
        ("peft.tuners.lora", "transpose", "peft.utils"),
        ("peft.tuners.lora", "BaseTunerLayer", "peft.tuners.tuners_utils"),
        ("peft.tuners.lora.model", "Linear", "peft.tuners.lora"),
        ("peft.tuners.lora", "mark_only_lora_as_trainable", None),
        ("peft.tuners.vera", "Linear8bitLt", None),
        ("peft", "BoneConfig", None),
        ("peft", "LoraConfig", None),
    ],
)
def test_homes(module, name, home):
    assert table("peft_names")["homes"].get(module, {}).get(name) == home


# -- calls ------------------------------------------------------------------------------------


def test_parameters():
    found = calls.parameters("peft", "get_peft_model", "0.21.2")
    assert [p.name for p in found][:3] == ["model", "peft_config", "adapter_name"]
    assert found[2] == calls.Parameter("adapter_name", "'default'", "positional")
    load = calls.parameters("peft", "PeftModel.from_pretrained", "0.13.2")
    assert load[0].name == "model" and load[-1] == calls.Parameter("kwargs", None, "keywords")
    assert "low_cpu_mem_usage" in {p.name for p in load}
    assert calls.parameters("peft", "PeftModel.from_pretrained", "0.12.0") != load
    trainer = calls.parameters("transformers", "Trainer.__init__", "4.57.6")
    assert {"tokenizer", "processing_class"} & {p.name for p in trainer} == {"processing_class"}
    assert calls.parameters("trl", "SFTTrainer.__init__", "0.12.0") is not None


def test_methods_of_bases():
    merge = "LoraModel.merge_and_unload"
    assert calls.parameters("peft", merge, "0.17.0") == calls.parameters("peft", merge, "0.21.2")
    assert timelines.span_end(table("peft_calls")["calls"][merge]["in"]) == "0.17.1"
    inherited = "PeftModelForCausalLM.load_adapter"
    assert calls.parameters("peft", inherited, "0.21.2") == calls.parameters(
        "peft", "PeftModel.load_adapter", "0.21.2"
    )
    assert calls.parameters("peft", "PeftModel.no_such_method", "0.21.2") is None
    assert calls.parameters("peft", "get_peft_model", "99") is None


@pytest.mark.parametrize(
    ("trainer", "keywords", "newest"),
    [
        ("SFTTrainer", {"model", "peft_config"}, None),
        ("SFTTrainer", {"model", "max_seq_length"}, "0.12.2"),
        ("SFTTrainer", {"tokenizer", "max_seq_length"}, "0.11.4"),
        ("SFTTrainer", {"of_no_release"}, None),
        ("NoTrainer", {"model"}, None),
    ],
)
def test_the_newest_trainer_that_takes_keywords(trainer, keywords, newest):
    assert calls.newest_taking("trl", f"{trainer}.__init__", frozenset(keywords)) == newest


@pytest.mark.parametrize(
    ("config", "names", "newest"),
    [
        ("SFTConfig", {"max_length", "learning_rate"}, None),
        ("SFTConfig", {"max_seq_length", "learning_rate"}, "0.19.1"),
        ("SFTConfig", {"max_seq_length", "num_of_sequences"}, "0.17.0"),
        # Inherited since: still there.
        ("SFTConfig", {"neftune_noise_alpha"}, None),
        ("TrainingArguments", {"max_seq_length"}, None),
    ],
)
def test_the_newest_settings_with_fields(config, names, newest):
    assert configs.newest_having(config, frozenset(names)) == newest


@pytest.mark.parametrize(
    ("call", "keyword", "release", "swallowed"),
    [
        ("PeftModel.from_pretrained", "is_trainable", "0.21.2", False),
        ("PeftModel.from_pretrained", "is_trainble", "0.21.2", True),
        ("PeftModel.from_pretrained", "torch_dtype", "0.21.2", True),
        ("PeftModel.from_pretrained", "device_map", "0.21.2", False),
        ("PeftModel.from_pretrained", "torch_device", "0.21.2", False),
        ("PeftModel.from_pretrained", "revision", "0.21.2", False),
        ("PeftModel.from_pretrained", "low_cpu_mem_usage", "0.13.0", False),
        ("PeftModel.from_pretrained", "low_cpu_mem_usage", "0.12.0", True),
        ("PeftModelForCausalLM.from_pretrained", "torch_dtype", "0.21.2", True),
        ("PeftModel.save_pretrained", "state_dict", "0.21.2", False),
        ("PeftModel.save_pretrained", "push_to_hub", "0.21.2", True),
        ("PeftModel.save_pretrained", "convert_pissa_to_lora", "0.13.2", False),
        ("PeftModel.save_pretrained", "convert_pissa_to_lora", "0.14.0", True),
        ("PeftModel.load_adapter", "cache_dir", "0.21.2", False),
        ("PeftModel.load_adapter", "bogus", "0.21.2", True),
        ("LoraConfig.from_pretrained", "r", "0.21.2", True),
        ("LoraConfig.from_pretrained", "token", "0.21.2", False),
        ("AutoPeftModelForCausalLM.from_pretrained", "torch_dtype", "0.21.2", None),
        ("PeftModel.merge_and_unload", "safe_merge", "0.21.2", None),
        ("PeftModel.from_pretrained", "is_trainble", "99", None),
    ],
)
def test_keywords_that_have_no_effect(call, keyword, release, swallowed):
    assert calls.swallows(call, keyword, release) is swallowed


# -- modules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "name", "has"),
    [
        ("gpt2", "q_proj", False),
        ("gpt2", "c_attn", True),
        ("gpt2", "attn.c_attn", True),
        ("gpt2", "mlp.c_attn", False),
        ("llama", "q_proj", True),
        ("llama", "self_attn.q_proj", True),
        ("llama", "layers.0.self_attn.q_proj", None),
        ("llama", "self_attn", True),
        ("llama", "embed_tokens", True),
        ("llama", "model.embed_tokens", None),
        ("llama", "c_attn", False),
        ("llama", "q_porj", False),
        ("bert", "query", True),
        ("t5", "q", True),
        ("no-such-family", "q_proj", None),
        (None, "q_proj", None),
    ],
)
def test_modules_of_families(family, name, has):
    assert modules.has_module(family, name) is has


def test_modules_by_release():
    first, *_, newest = table("modules")["about"]["releases"]
    # Experts became one weight for all of them, without modules of their own.
    assert modules.has_module("mixtral", "w1", first) is True
    assert modules.has_module("mixtral", "w1", newest) is False
    assert modules.has_module("mixtral", "w1") is modules.has_module("mixtral", "w1", "5.2") is None
    assert modules.has_module("llama", "q_proj", "5.2") is True
    assert modules.has_module("llama", "q_proj", "4.1") is None
    assert modules.has_module("llama", "q_proj", "99") is None
    assert modules.modules("llama", "4.1") is modules.modules("no-such-family") is None
    assert "self_attn.q_proj" in modules.modules("llama").linear


def test_a_family_that_was_not_looked_at_as_a_whole_has_no_missing_modules():
    partly = [f for f, row in table("modules")["families"].items() if "unbuilt" in row]
    assert len(partly) > 50
    assert not any(modules.has_module(family, "no_such_module") for family in partly)
    assert modules.has_module("esm", "no_such_module") is None
    assert modules.has_module("gpt2", "no_such_module") is False


@pytest.mark.parametrize(
    ("family", "tied"),
    [("gpt2", True), ("llama", False), ("gemma", True), ("vit", None), ("no-such-family", None)],
)
def test_tied(family, tied):
    assert modules.tied(family) is tied


def test_default_targets():
    assert modules.default_targets("LORA", "llama", "0.21.2") == ("q_proj", "v_proj")
    assert modules.default_targets("LORA", "distilbert", "0.21.2") == ()
    assert modules.default_targets("IA3", "bert", "0.21.2") == ("key", "value", "output.dense")
    assert modules.default_targets("LN_TUNING", "llama", "0.21.2")
    assert modules.default_targets("LORA", "llama", "0.1.0") == ()
    assert modules.default_targets("LORA", "gpt2", "0.1.0") == ("c_attn",)
    assert modules.default_targets("BONE", "llama", "0.21.2") is None
    assert modules.default_targets("PREFIX_TUNING", "llama", "0.21.2") is None
    assert modules.default_targets("LORA", "llama", "99") is None


# -- other words --------------------------------------------------------------------------------

LORA = configs.fields("peft", "LoraConfig", "0.21")


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("lora_rank", "r"),
        ("R", "r"),
        ("dropout", "lora_dropout"),
        ("Target_Modules", "target_modules"),
        ("target_moduels", "target_modules"),
        ("lora_alpa", "lora_alpha"),
        ("lora_alphaa", "lora_alpha"),
        ("lora_olpha", "lora_alpha"),
        ("lora_beta", None),
        ("use_pora", None),
        ("q", None),
        ("learning_rate", None),
    ],
)
def test_the_field_that_another_word_means(word, field):
    assert spellings.meant_field(word, LORA) == field


def test_a_word_of_the_table_means_a_field_of_the_class():
    assert spellings.meant_field("lora_alpha", {"r", "alpha"}) == "alpha"
    assert spellings.meant_field("rank", {"alpha"}) is None
    every = {name for row in table("peft_configs")["configs"].values() for name in row["fields"]}
    assert {field for fields in spellings.FIELDS.values() for field in fields} <= every


@pytest.mark.parametrize(
    ("field", "release", "word", "accepted", "meant"),
    [
        ("task_type", "0.21", "SEQ_CLS", True, None),
        ("task_type", "0.21", "seq-cls", False, "SEQ_CLS"),
        ("task_type", "0.21", "CAUSAL_LLM", False, "CAUSAL_LM"),
        ("task_type", "0.21", "question answering", False, "QUESTION_ANS"),
        ("task_type", "0.3", "QA", False, None),
        ("task_type", "0.21", "IMAGE_CLS", False, None),
        ("bias", "0.21", "lora", False, "lora_only"),
        ("bias", "0.21", "norm", False, None),
        ("init_lora_weights", "0.21", "OLORA", True, None),
        ("init_lora_weights", "0.11.1", "olora", False, None),
        ("init_lora_weights", "0.21", "pissa_niter_16", True, None),
        ("init_lora_weights", "0.21", "pissa_niter_x", False, None),
        ("init_lora_weights", "0.21", "Pissa", False, "pissa"),
        ("init_lora_weights", "0.21", "eve", False, None),
    ],
)
def test_words_that_a_field_takes(field, release, word, accepted, meant):
    allowed = values.words("LoraConfig", field, release)
    assert values.accepts(field, word, allowed) is accepted
    if not accepted:
        assert spellings.meant_value(field, word, allowed) == meant


def test_words_that_are_not_known():
    assert values.words("LoraConfig", "bias", "0.7.1") == []
    assert values.words("LoraConfig", "bias", "99") == ()
    assert set(values.words("PromptTuningConfig", "prompt_tuning_init", "0.13")) == {
        "TEXT",
        "RANDOM",
    }


# -- the tables -------------------------------------------------------------------------------


def test_every_table_says_how_it_was_made_and_from_what():
    assert len(EXTRACTED) == 15
    for name in EXTRACTED:
        about = table(name)["about"]
        assert about["made"].startswith("tools/"), name
        tool = about["made"].partition(":")[0]
        assert (FOLDER.parents[1] / tool).is_file(), name
        every = known_releases()[about["library"]]
        assert set(about["releases"]) <= set(every), name
        # Of peft and trl, all of them; each table ends with the newest.
        assert about["releases"][-1] == every[-1], f"run: make knowledge ({name})"
        if about["library"] == "peft":
            assert tuple(about["releases"]) == every, f"run: make knowledge ({name})"
    about = table("checkpoints")["about"]
    assert about["releases"] == [] and "kept by hand" in about["made"]


def test_a_table_is_read_on_first_need_and_by_no_other_question():
    code = (
        "from peft_lint.knowledge import configs, calls, modules, tables; import sys;"
        "info = tables.table.cache_info; assert info().currsize == 0;"
        "configs.fields('peft', 'LoraConfig', '0.13'); assert info().currsize == 1;"
        "configs.fields('trl', 'ModelConfig', '0.13'); assert info().currsize == 2;"
        "modules.has_module('gpt2', 'q_proj'); assert info().currsize == 3;"
        "assert not {'tomllib', 'tomli', 'torch', 'transformers', 'peft'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parents[1])

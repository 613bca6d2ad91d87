"""Which mode every operation leaves a model in: rows that are run, and rows that are interpreted.

A state is three letters: the top flag, the base modules, the LoRA dropout (of the new adapter,
where there are several); T train, F eval, "-" no such part, "?" they differ. So FFF is eval, TTT
train, TFT "mixed" and FFT "hidden": the flag says eval and the dropout acts.
"""

PREAMBLE = """
import copy, torch
from peft import *
from transformers import (AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM,
    LlamaForTokenClassification, Trainer, TrainingArguments, pipeline)
cfg = LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.3)
base = AutoModelForCausalLM.from_pretrained("base-with-dropout")
"""
CONSTRUCTIONS = {
    'm = AutoModelForCausalLM.from_pretrained("base-model")': "FF-",
    'm = LlamaForCausalLM.from_pretrained("base-model")': "FF-",
    "m = AutoModelForCausalLM.from_config(base.config)": "TT-",
    "m = LlamaForCausalLM(base.config)": "TT-",
    "m = get_peft_model(base, cfg)": "TFT",
    "m = get_peft_model(base.eval(), cfg)": "TFT",
    "m = get_peft_model(base, cfg, mixed=True)": "TFT",
    "m = PeftModel(base, cfg)": "TFT",
    "m = PeftModelForCausalLM(base, cfg)": "TFT",
    "cfg.inference_mode = True; m = get_peft_model(base, cfg)": "TFT",
    'm = get_peft_model(base, PeftConfig.from_pretrained("my-adapter"))': "TFT",
    "m = get_peft_model(prepare_model_for_kbit_training(base), cfg)": "TFT",
    "m = get_peft_model(base.train(), cfg)": "TTT",
    "m = get_peft_model(AutoModelForCausalLM.from_config(base.config), cfg)": "TTT",
    'm = PeftModel.from_pretrained(base, "my-adapter")': "FFF",
    'm = PeftModel.from_pretrained(base.train(), "my-adapter")': "FFF",
    'm = PeftModel.from_pretrained(LlamaForCausalLM(base.config), "my-adapter")': "FFF",
    'm = PeftModel.from_pretrained(base, "my-adapter", low_cpu_mem_usage=True)': "FFF",
    'm = PeftMixedModel.from_pretrained(base, "my-adapter")': "FFF",
    'm = PeftModel.from_pretrained(base, "my-adapter", is_trainable=True)': "TFT",
    'm = PeftModel.from_pretrained(base.train(), "my-adapter", is_trainable=True)': "TTT",
    'm = AutoPeftModelForCausalLM.from_pretrained("my-adapter")': "FFF",
    'm = AutoPeftModelForCausalLM.from_pretrained("my-adapter", is_trainable=True)': "TFT",
    'm = AutoModelForCausalLM.from_pretrained("my-adapter")': "FFF",
    'm = pipeline("text-generation", model="my-adapter").model': "FFF",
    "m = inject_adapter_in_model(cfg, base)": "FFT",
    "m = base; m.add_adapter(cfg)": "FFT",
    'm = base; m.load_adapter("my-adapter")': "FFF",
    'm = base.train(); m.load_adapter("my-adapter")': "FFF",
    'm = base; m.load_adapter("my-adapter", is_trainable=True)': "FFT",
}
# The states a transition starts from: trained adapters, so that a live dropout can be measured.
STARTS = {
    "FFF": 'm = PeftModel.from_pretrained(base, "my-adapter")',
    "TFT": 'm = PeftModel.from_pretrained(base, "my-adapter", is_trainable=True)',
    "TTT": 'm = PeftModel.from_pretrained(base, "my-adapter", is_trainable=True).train()',
}
KEEP = [
    'm.set_adapter("default")',
    "with m.disable_adapter(): m(torch.tensor([[1, 2]]))",
    "m.base_model.disable_adapter_layers(); m.base_model.enable_adapter_layers()",
    "set_peft_model_state_dict(m, get_peft_model_state_dict(m))",
    "m.load_state_dict(m.state_dict())",
    "m.merge_adapter(); m.unmerge_adapter()",
    "m.merge_adapter()",
    "m.get_base_model()",
    'm.save_pretrained("saved")',
    "m.generate(input_ids=torch.tensor([[1, 2]]), max_new_tokens=2)",
    "m.requires_grad_(True)",
    "m.gradient_checkpointing_enable()",
    "m.gradient_checkpointing_enable(); m.gradient_checkpointing_disable()",
    "m.enable_input_require_grads()",
    'm = m.to("cpu")',
    "m = m.half()",
    "m = m.bfloat16().float()",
    "m.print_trainable_parameters()",
    "m = prepare_model_for_kbit_training(m)",
    "cast_mixed_precision_params(m, torch.float16)",
    "m.get_model_status()",
    "m.tie_weights()",
    "m = copy.deepcopy(m)",
    'torch.save(m, "m.pt"); m = torch.load("m.pt", weights_only=False)',
    "m = torch.compile(m)",
    "import accelerate; m = accelerate.Accelerator().prepare(m)",
    "import accelerate; m = accelerate.Accelerator().prepare_model(m, evaluation_mode=True)",
    "import accelerate; m = accelerate.Accelerator().unwrap_model(m)",
    "m = torch.nn.DataParallel(m).module",
    'trainer = Trainer(m, TrainingArguments("out", report_to=[]))',
    'Trainer(m, TrainingArguments("out", report_to=[])).save_model("saved")',
    'tok = AutoTokenizer.from_pretrained("base-model"); '
    'p = pipeline("text-generation", model=m, tokenizer=tok); p("hi", max_new_tokens=2)',
    "with torch.no_grad(): m(torch.tensor([[1, 2]]))",
    "with torch.inference_mode(): m(torch.tensor([[1, 2]]))",
    "torch.set_grad_enabled(False)",
    'm.add_adapter("two", cfg); m.delete_adapter("two")',
]
TRAINER = """
import datasets
rows = datasets.Dataset.from_dict({"input_ids": [[1, 5, 9]] * 4, "labels": [[1, 5, 9]] * 4})
def trained(**options):
    args = TrainingArguments(
        "out", per_device_train_batch_size=1, report_to=[], disable_tqdm=True, use_cpu=True,
        **{"max_steps": 3, "save_strategy": "no"} | options)
    return Trainer(m, args, train_dataset=rows, eval_dataset=rows)
"""
# (state before, operation, state after, the adapter whose dropout is meant)
TRANSITIONS = [
    ("FFF", "m.train()", "TTT", None),
    ("TFT", "m.train()", "TTT", None),
    ("TFT", "m.eval()", "FFF", None),
    ("TTT", "m.eval()", "FFF", None),
    ("TTT", "m.train(False)", "FFF", None),
    ("TTT", "m.train(mode=False)", "FFF", None),
    ("TTT", "m.eval", "TTT", None),
    ("TTT", "m.training = False", "FTT", None),
    ("TTT", "base.eval()", "TFF", None),
    ("TFT", "m.base_model.eval()", "TFF", None),
    ("FFF", "base.train()", "FTT", None),
    ("TTT", "torch.compile(m).eval()", "FFF", None),
    ("TTT", "c = torch.compile(m); m.eval(); m = c", "FFF", None),
    ("TTT", "c = torch.compile(m); c.eval(); m = c", "FFF", None),
    ("TTT", 'm.load_adapter("my-adapter", "two")', "FFF", "default"),
    ("TTT", 'm.load_adapter("my-adapter", "two", is_trainable=True)', "TTT", "two"),
    ("FFF", 'm.load_adapter("my-adapter", "two", is_trainable=True)', "FFT", "two"),
    ("FFF", 'm.load_adapter("my-adapter", "two", is_trainable=True)', "FFF", "default"),
    ("FFF", 'm.add_adapter("two", cfg)', "FFT", "two"),
    ("FFF", 'm.add_adapter("two", cfg)', "FFF", "default"),
    ("FFF", 'm.add_weighted_adapter(["default"], [1.0], "mix")', "FFT", "mix"),
    ("TTT", "m = m.merge_and_unload()", "TT-", None),
    ("TFT", "m = m.merge_and_unload()", "FF-", None),
    ("FFF", "m = m.merge_and_unload()", "FF-", None),
    ("TTT", "m = m.unload()", "TT-", None),
    ("TFT", "m = m.unload()", "FF-", None),
    ("TFT", "m = m.get_base_model()", "FFT", None),
    ("TFT", "m = torch.nn.DataParallel(m.eval())", "TFF", None),
    ("TFT", TRAINER + "trained().train()", "TTT", None),
    # The new embedding is in train mode, as any new module; it has no dropout.
    ("FFF", "m.resize_token_embeddings(300)", "F?F", None),
    ("TFT", TRAINER + 'trained(eval_strategy="epoch", num_train_epochs=1, max_steps=-1).train()',
     "FFF", None),
    ("TFT", TRAINER + 'trained(eval_strategy="steps", eval_steps=2).train()', "FFF", None),
    ("TFT", TRAINER + 'trained(eval_strategy="steps", eval_steps=3).train()', "FFF", None),
    ("TFT", TRAINER + 'trained(eval_strategy="steps", save_strategy="steps", eval_steps=2, '
     "save_steps=2, load_best_model_at_end=True).train()", "FFF", None),
    ("TTT", TRAINER + "trained().evaluate()", "FFF", None),
    ("TTT", TRAINER + "trained().predict(rows)", "FFF", None),
    ("TFT", TRAINER + "t = trained(); t.train(); m = t.model", "TTT", None),
    ("TFT", TRAINER + "t = trained(); t.train(); t.evaluate(); m = t.model", "FFF", None),
]  # fmt: skip
NATIVE = "m = AutoModelForCausalLM.from_pretrained('base-with-dropout'); m.add_adapter(cfg)\n"
SFT = """
import datasets
from trl import SFTConfig, SFTTrainer
rows = datasets.Dataset.from_dict({"text": ["hello"] * 2})
args = SFTConfig("out", max_steps=1, report_to=[], save_strategy="no", use_cpu=True)
t = SFTTrainer(base, args, train_dataset=rows, peft_config=cfg)
"""

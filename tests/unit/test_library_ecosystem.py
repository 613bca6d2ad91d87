"""The libraries around PEFT: what is believed of their models, and when nothing is."""

import pytest

from peft_lint.document import Document
from peft_lint.engine import analyse
from peft_lint.interpreter.objects import Handle
from peft_lint.interpreter.values import Ref
from peft_lint.rulebook import all_rules
from peft_lint.trace import beliefs
from peft_lint.versions import Target

LETTERS = {True: "T", False: "F", None: "?"}
PEFT = """
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
cfg = LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.3)
base = AutoModelForCausalLM.from_pretrained("gpt2")
"""


def world_after(code):
    document = Document.from_bytes((PEFT + code).encode(), "script.py")
    ((world, _),) = beliefs(document, Target(), None)
    return world


def state_after(code):
    """Return the letters of `m`: its flag, its base modules, the dropout of its last adapter."""
    world = world_after(code)
    handle = world.handle(world.frames[0].variables["m"])
    if not isinstance(handle, Handle):
        return "unknown"
    body = world.body(handle)
    last = "?" if body.adapters is None else "-"
    if body.adapters:
        last = LETTERS[body.adapters[-1].training]
    return LETTERS[handle.training] + LETTERS[body.training] + last


def codes(code):
    document = Document.from_bytes((PEFT + code).encode(), "script.py")
    return [finding.code for finding in analyse(document, all_rules(), Target()).findings]


UNSLOTH = """
from unsloth import FastLanguageModel
m, tok = FastLanguageModel.from_pretrained("unsloth/llama-3-8b-bnb-4bit", load_in_4bit=True)
m = FastLanguageModel.get_peft_model(m, r=16, lora_dropout=0.1)
"""
IMAGES = """
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
pipe = StableDiffusionPipeline.from_pretrained("x").to("cuda")
"""
SENTENCES = """
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
m = SentenceTransformer("all-MiniLM-L6-v2")
"""
STATES = [
    (UNSLOTH, "TFT"),
    (UNSLOTH + "m = FastLanguageModel.for_inference(m)", "FFF"),
    (UNSLOTH + "FastLanguageModel.for_inference(m)", "FFF"),
    (UNSLOTH + "FastLanguageModel.for_training(m)", "TTT"),
    (UNSLOTH + "Trainer(m).train()", "TTT"),
    (UNSLOTH + "Trainer(m).train(); m.generate(input_ids=x)", "???"),
    # An id of anybody may be an adapter's.
    (
        "from unsloth import FastModel\nm, tok = FastModel.from_pretrained('me/mine')",
        "FF?",
    ),
    (IMAGES + "m = pipe.unet", "FF-"),
    (IMAGES + "m = pipe.unet; m.add_adapter(cfg)", "FFT"),
    (IMAGES + "pipe.unet.add_adapter(cfg); m = pipe.unet", "FFT"),
    (IMAGES + "pipe.unet = get_peft_model(pipe.unet, cfg); m = pipe.unet", "TFT"),
    (IMAGES + "pipe.unet.requires_grad_(False); pipe.unet.train(); m = pipe.unet", "TT-"),
    (IMAGES + "pipe.load_lora_weights('y'); m = pipe.unet", "FF?"),
    (IMAGES + "m = pipe.unet; pipe.load_lora_weights('y')", "??-"),
    (IMAGES + "m = pipe.text_encoder; pipe.fuse_lora()", "??-"),
    (IMAGES + "m = UNet2DConditionModel.from_pretrained('x', subfolder='unet')", "FF-"),
    (IMAGES + "m = UNet2DConditionModel(sample_size=8)", "TT-"),
    (IMAGES + "m = UNet2DConditionModel.from_config(c)", "TT-"),
    (IMAGES + "m = pipe('a cat').images", "unknown"),
    (SENTENCES, "TF-"),
    (SENTENCES + "m.encode(['a'])", "FF-"),
    (SENTENCES + "m.add_adapter(cfg)", "TFT"),
    (SENTENCES + "m.add_adapter(cfg); e = m.encode(['a'])", "FFF"),
    (SENTENCES + "m.add_adapter(cfg); SentenceTransformerTrainer(model=m).train()", "TTT"),
    (SENTENCES + "m.add_adapter(cfg); m.fit(x)", "???"),
    (SENTENCES + "m[0].auto_model = get_peft_model(m[0].auto_model, cfg)", "??-"),
    ("from sentence_transformers import SentenceTransformer\n"
     "m = SentenceTransformer(modules=[a, b])", "unknown"),
    ("from setfit import SetFitModel\nm = SetFitModel.from_pretrained('x')", "unknown"),
    # TRL
    ("from trl import SFTTrainer\nm = SFTTrainer('gpt2', peft_config=cfg).model", "TFT"),
    ("from trl import SFTTrainer\nm = SFTTrainer(model='gpt2').model", "FF-"),
    ("from trl import SFTTrainer, get_peft_config\n"
     "m = SFTTrainer(base, peft_config=get_peft_config(a)).model", "??-"),
    ("from trl import PPOTrainer, AutoModelForCausalLMWithValueHead\n"
     "m = AutoModelForCausalLMWithValueHead.from_pretrained('x', peft_config=cfg)", "unknown"),
    ("from trl import PPOTrainer\nm = get_peft_model(base, cfg)\nt = PPOTrainer(c, m, None, tok)",
     "???"),
    ("from trl import DPOTrainer, DPOConfig\nm = get_peft_model(base, cfg)\n"
     "DPOTrainer(m, None, DPOConfig('out', eval_strategy='epoch')).train()", "FFF"),
    ("from trl import GRPOTrainer\nm = get_peft_model(base, cfg)\n"
     "GRPOTrainer(m, reward, arguments_from_elsewhere).train()", "???"),
    # transformers
    ("m = Trainer(model_init=lambda: get_peft_model(base, cfg)).model", "TFT"),
    ("def make():\n    return get_peft_model(base, cfg)\n"
     "t = Trainer(model_init=make); t.train(); m = t.model", "TTT"),
    ("m = get_peft_model(base, cfg)\na = TrainingArguments('out')\n"
     "a.eval_strategy = 'epoch'\nTrainer(m, a).train()", "FFF"),
    ("m = get_peft_model(base, cfg)\na = TrainingArguments('out')\n"
     "a.set_evaluate(strategy='epoch')\nTrainer(m, a).train()", "???"),
    ("m = get_peft_model(base, cfg)\na = TrainingArguments('out', **more)\n"
     "Trainer(m, a).train()", "???"),
    ("m = get_peft_model(base, cfg)\na = TrainingArguments('out', eval_strategy='no', **more)\n"
     "Trainer(m, a).train()", "???"),
    ("from transformers import EarlyStoppingCallback\nm = get_peft_model(base, cfg)\n"
     "Trainer(m, callbacks=[EarlyStoppingCallback()]).train()", "TTT"),
    ("class Eval:\n    def on_step_end(self, *a, model, **k): model.eval()\n"
     "m = get_peft_model(base, cfg)\nt = Trainer(m)\nt.add_callback(Eval())\nt.train()", "???"),
    ("from mine import callback\nm = get_peft_model(base, cfg)\n"
     "Trainer(m, callbacks=callback()).train()", "???"),
    ("m = get_peft_model(base, cfg)\nt = Trainer(m)\nt.hyperparameter_search()", "???"),
    ("m = get_peft_model(base, cfg)\nt = Trainer(m); t.model.eval()", "FFF"),
    ("from transformers import pipeline\nm = get_peft_model(base, cfg)\n"
     "p = pipeline('text-generation', m); p.model.eval()", "FFF"),
    # accelerate
    ("import accelerate\nm = accelerate.Accelerator().prepare(get_peft_model(base, cfg))", "TFT"),
    ("import accelerate\nm, o = accelerate.Accelerator().prepare(get_peft_model(base, cfg), opt)",
     "TFT"),
    ("import accelerate\nm = accelerate.dispatch_model(get_peft_model(base, cfg), device_map=d)",
     "TFT"),
    ("import accelerate\nwith accelerate.init_empty_weights():\n"
     "    m = AutoModelForCausalLM.from_config(c)\n"
     "m = accelerate.load_checkpoint_and_dispatch(m, 'x')", "TT-"),
    ("m = get_peft_model(base, cfg)\ndef f(accelerator):\n"
     "    accelerator.unwrap_model(m).eval()\nf(a)", "FFF"),
    # wrappers and parts
    ("m = torch.nn.DataParallel(get_peft_model(base, cfg)); m.module.eval()", "TFF"),
    ("m = get_peft_model(base, cfg)\nif ddp:\n    m = m.module", "TFT"),
    ("m = get_peft_model(base, cfg); m.base_model.model.eval()", "TFF"),
    ("m = get_peft_model(base, cfg); m.base_model.model.classifier.eval()", "T??"),
    ("m = get_peft_model(base, cfg)\nprint(m.base_model.model.layers[0].weight)", "TFT"),
    ("m = get_peft_model(base, cfg)\nm.model.layers[0].eval()", "T??"),
    ("m = get_peft_model(base, cfg)\nm.model.layers[0] = other()", "T??"),
    ("m = get_peft_model(base, cfg)\nm.model.layers[0].x = get_peft_model(y, cfg)", "T??"),
    ("m = get_peft_model(base, cfg)\nm.is_parallelizable = True", "TFT"),
    ("import adapters\nm = base\nm.add_adapter('mine', config='lora')", "??-"),
    ("m = get_peft_model(base, cfg)\nfrom mine import f\nf(m)", "???"),
    ("m = get_peft_model(base, cfg)\nclass A: pass\na = A(); a.inner = m\nfrom mine import f\nf(a)",
     "???"),
    ("m = get_peft_model(base, cfg)\nfrom mine import head\nm.head = get_peft_model(head, cfg)",
     "???"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "state"), STATES)
def test_states(code, state):
    assert state_after(code) == state


SILENT = [
    UNSLOTH + "Trainer(m).train()\nm.generate(input_ids=x)",
    UNSLOTH + "Trainer(m).train()\nFastLanguageModel.for_inference(m)\nm.generate(input_ids=x)",
    IMAGES + "pipe.load_lora_weights('x')\nprint(pipe('a cat').images)",
    IMAGES + "pipe.unet = PeftModel.from_pretrained(pipe.unet, 'x')\npipe('a cat')",
    IMAGES + "pipe.unet.add_adapter(cfg)\npipe('a cat')",
    "from vllm import LLM, SamplingParams\nllm = LLM('x', enable_lora=True)\n"
    "llm.generate('a', SamplingParams(temperature=1.0))",
    "import openai\nopenai.OpenAI().completions.create(model='x', prompt='a')",
    "from ctransformers import AutoModelForCausalLM as Other\n"
    "Other.from_pretrained('x').generate('a', do_sample=True)",
    "from setfit import SetFitModel, Trainer as T\nm = SetFitModel.from_pretrained('x')\n"
    "T(model=m).train()\nm.predict(['a'])",
    SENTENCES + "m.add_adapter(cfg)\nSentenceTransformerTrainer(m).train()\nm.encode(['a'])",
    "m = torch.load('m.pt', weights_only=False)\nm.train()\nm.generate(input_ids=x)",
]


@pytest.mark.parametrize("code", SILENT)
def test_no_false_alarm(code):
    assert codes(code) == []


@pytest.mark.parametrize(
    "call",
    [
        "m.base_model.model.generate(input_ids=x)",
        "m.base_model.generate(input_ids=x)",
        "torch.compile(m).generate(input_ids=x)",
        "torch.nn.DataParallel(m).module.generate(input_ids=x)",
        "with torch.no_grad(): m.get_base_model()(x)",
        "t.model.generate(input_ids=x)",
        "t.model.base_model.generate(input_ids=x)",
        "t.accelerator.unwrap_model(t.model).generate(input_ids=x)",
    ],
)
def test_every_way_to_the_model_shows_that_it_is_in_train_mode(call):
    code = f"m = get_peft_model(base, cfg)\nt = Trainer(m)\nt.train()\n{call}\n"
    assert codes(code) == ["PEF201"]


def test_parts_of_a_pipeline_are_one_object_on_every_read():
    world = world_after(IMAGES + "one, two = pipe.unet, pipe.unet\nother = pipe.transformer")
    names = world.frames[0].variables
    assert isinstance(names["one"], Ref)
    assert names["one"] == names["two"] != names["other"]


@pytest.mark.parametrize(
    "save",
    [
        "torch.save(m.state_dict(), 'm.pt')",
        "torch.save({'epoch': 1, 'model': m.state_dict()}, 'm.pt')",
        "torch.save(m.classifier.state_dict(), 'head.pt')",
        "from safetensors.torch import save_file; save_file(m.state_dict(), 'm.safetensors')",
        "import accelerate; a = accelerate.Accelerator(); a.save(a.get_state_dict(m), 'm.pt')",
        "for p in m.classifier.parameters(): p.requires_grad = True",
        "for one in m.model.layers: one.requires_grad_(True)",
        "m.classifier.requires_grad_(True)",
    ],
)
def test_a_head_that_is_seen_to_by_hand_is_no_finding(save):
    code = (
        "from transformers import AutoModelForSequenceClassification\n"
        "c = AutoModelForSequenceClassification.from_pretrained('bert-base-uncased', num_labels=3)\n"
        "m = get_peft_model(c, LoraConfig(r=8))\nTrainer(m).train()\n"
    )
    assert codes(code + "m.save_pretrained('out')\n") == ["PEF301"]
    assert codes(code + save) == []


LIGHTNING = """
import lightning
class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = get_peft_model(base, cfg)
    def training_step(self, batch, index):
        return self.model(**batch).loss
    def validation_step(self, batch, index):
        return self.model.generate(**batch)
    def predict_step(self, batch):
        with torch.no_grad():
            return self.model(**batch)
module = Module()
trainer = lightning.Trainer()
"""


@pytest.mark.parametrize("call", ["fit", "validate", "test", "predict"])
def test_lightning_keeps_the_mode_and_evaluates_in_its_hooks(call):
    code = f"{LIGHTNING}trainer.{call}(module)\nm = module.model\n"
    assert state_after(code) == "TFT"
    assert codes(code) == []


def test_a_loss_given_to_an_engine_out_of_view_trains_its_model():
    code = "m = get_peft_model(base, cfg)\nfabric = thing.fabric\nfabric.backward(m(x).loss)\n"
    world = world_after(code)
    body = world.body(world.handle(world.frames[0].variables["m"]))
    assert body.adapters[0].weights.name == "TRAINED"


@pytest.mark.parametrize(
    ("build", "dropout"),
    [
        ("m = transformers.LlamaForCausalLM(transformers.LlamaConfig(hidden_size=8))", False),
        ("m = transformers.LlamaForCausalLM(transformers.LlamaConfig(attention_dropout=0.1))", True),
        ("m = transformers.LlamaForCausalLM(transformers.LlamaConfig(**more))", None),
        ("c = transformers.LlamaConfig()\nc.attention_dropout = 0.1\n"
         "m = transformers.LlamaForCausalLM(c)", True),
        ("m = transformers.BertModel(transformers.BertConfig())", True),
        ("m = transformers.LlamaForCausalLM(somewhere.config)", None),
        ("m = transformers.AutoModelForCausalLM.from_pretrained('gpt2')", True),
        ("m = transformers.LlamaForCausalLM.from_pretrained('x')", False),
        ("m = transformers.LlamaForCausalLM.from_pretrained('x', attention_dropout=0.1)", True),
        ("m = transformers.LlamaForCausalLM.from_pretrained('x', config=c)", None),
        ("m = transformers.LlamaForCausalLM.from_pretrained('x', config=c, attention_dropout=0.1)",
         True),
        ("m = transformers.LlamaForTokenClassification.from_pretrained('x')", True),
    ],
)  # fmt: skip
def test_dropout_of_the_base(build, dropout):
    world = world_after(f"import transformers\n{build}")
    assert world.body(world.handle(world.frames[0].variables["m"])).dropout is dropout


def test_settings_are_read_back_and_unset_ones_decide_nothing():
    code = (
        "args = TrainingArguments('out', do_eval=True, **more)\nm = base\n"
        "if args.do_train:\n    m.train()\n"
        "if args.do_eval:\n    seen = True\n"
    )
    document = Document.from_bytes((PEFT + code).encode(), "script.py")
    worlds = [world for world, _ in beliefs(document, Target(), None)]
    assert {
        world.body(world.handle(world.frames[0].variables["m"])).training for world in worlds
    } == {
        True,
        False,
    }
    assert all("seen" in world.frames[0].variables for world in worlds)

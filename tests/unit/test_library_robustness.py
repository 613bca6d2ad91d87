"""Whatever a document calls a library with, the models of that library do not fail on it."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.interpreter.objects import Arguments, Config, Handle, Tool, Trainer
from peft_lint.interpreter.run import run
from peft_lint.library import registry
from peft_lint.rulebook import all_rules
from peft_lint.trace import main_text
from peft_lint.versions import Target

PRELUDE = """
import copy, torch, accelerate, lightning, trl, unsloth, diffusers, sentence_transformers
import peft, transformers
from somewhere import unknown
class Holder:
    def __init__(self): self.model = plain
    def step(self, x): return self.model(x)
class Module(torch.nn.Module):
    def forward(self, x): return x
def make(*args, **kwargs): return adapted
plain = transformers.AutoModelForCausalLM.from_pretrained("gpt2")
config = peft.LoraConfig(r=8, lora_dropout=0.1)
adapted = peft.get_peft_model(plain, config)
parallel = torch.nn.DataParallel(adapted)
pipe = transformers.pipeline("text-generation", model=adapted)
arguments = transformers.TrainingArguments("out", eval_strategy="epoch")
trainer = transformers.Trainer(adapted, arguments)
empty_trainer = transformers.Trainer()
tool = accelerate.Accelerator()
images = diffusers.DiffusionPipeline.from_pretrained("x")
holder, module = Holder(), Module()
with torch.no_grad():
    loss = adapted(1).loss
"""
registry.load(PRELUDE)
OBJECTS = {
    "plain": Handle,
    "adapted": Handle,
    "parallel": Handle,
    "pipe": Handle,
    "adapted.base_model": Handle,
    "config": Config,
    "arguments": Arguments,
    "trainer": Trainer,
    "empty_trainer": Trainer,
    "tool": Tool,
    "images": Tool,
}
FAMILIES = [
    "peft.PeftModel",
    "peft.PeftMixedModel",
    "peft.PeftModelForCausalLM.from_pretrained",
    "peft.PeftMixedModel.from_pretrained",
    "peft.AutoPeftModelForCausalLM.from_pretrained",
    "peft.LoraConfig",
    "peft.IA3Config.from_pretrained",
    "peft.TaskType",
    "transformers.LlamaForCausalLM",
    "transformers.AutoModel.from_pretrained",
    "transformers.AutoModel.from_config",
    "transformers.AutoTokenizer.from_pretrained",
    "transformers.GenerationConfig",
    "transformers.BitsAndBytesConfig",
    "trl.SFTTrainer",
    "trl.PPOTrainer",
    "trl.DPOConfig",
    "trl.get_peft_config",
    "trl.AutoModelForCausalLMWithValueHead.from_pretrained",
    "unsloth.FastLanguageModel.from_pretrained",
    "unsloth.FastVisionModel.get_peft_model",
    "unsloth.FastModel.for_inference",
    "unsloth.FastModel.for_training",
    "unsloth.FastModel.other",
    "unsloth.UnslothTrainer",
    "diffusers.UNet2DConditionModel.from_pretrained",
    "diffusers.UNet2DConditionModel",
    "diffusers.StableDiffusionPipeline.from_single_file",
    "diffusers.DDPMScheduler.from_config",
    "sentence_transformers.SentenceTransformer",
    "sentence_transformers.SentenceTransformerTrainer",
    "torch.optim.AdamW",
    "peft",
    "torch.nn.functional.cross_entropy",
]
FUNCTIONS = sorted(registry.FUNCTIONS) + FAMILIES
METHODS = sorted(
    f"{name}.{method}"
    for name, kind in OBJECTS.items()
    for state, method in registry.METHODS
    if state is kind and not method.endswith("=")
)
PARTS = [f"plain.classifier.{name}" for name in registry.PART_METHODS]
UNKNOWN = [f"loss.{name}" for name in registry.UNKNOWN_METHODS]
ODD = ["adapted", "pipe", "tool", "trainer", "images", "adapted.nothing", "plain.head.nothing"]
READS = sorted(
    f"{name}.{attribute}"
    for name, kind in OBJECTS.items()
    for state, attribute in registry.ATTRIBUTES
    if state is kind
)
ASSIGNED = [
    f"{name}.{method[:-1]}"
    for name, kind in OBJECTS.items()
    for state, method in registry.METHODS
    if state is kind and method.endswith("=")
]
ASSIGNED += ["adapted.head", "images.other", "trainer.model.head", "config.r", "arguments.seed"]
VALUES = [
    *OBJECTS,
    *READS,
    "None",
    "True",
    "0",
    "-1.5",
    "''",
    "'default'",
    "b'x'",
    "...",
    "[]",
    "['default', 'two']",
    "[adapted, None]",
    "{}",
    "{'model': adapted}",
    "{1: 2}",
    "(plain, config)",
    "unknown",
    "unknown.field",
    "loss",
    "lambda x: x",
    "lambda: adapted",
    "make",
    "Holder",
    "holder",
    "module",
    "peft.LoraConfig",
    "peft.TaskType.CAUSAL_LM",
    "float('nan')",
    "adapted.parameters()",
    "x if unknown else None",
]
KEYWORDS = [
    *("model", "peft_config", "config", "adapter_name", "adapter_config", "mode", "module", "args"),
    *("is_trainable", "inference_mode", "mixed", "task", "do_sample", "generation_config"),
    *("callbacks", "model_init", "load_in_4bit", "quantization_config", "eval_strategy"),
    *("init_lora_weights", "lora_dropout", "adapters", "loss", "trainer", "unet", "modules"),
]
values = st.sampled_from(VALUES)
argument = st.one_of(
    values,
    values,
    values.map("*{}".format),
)
keyword = st.one_of(
    st.builds("{}={}".format, st.sampled_from(KEYWORDS), values),
    values.map("**{}".format),
)
called = st.one_of(
    st.sampled_from(FUNCTIONS), st.sampled_from(METHODS), st.sampled_from(PARTS + UNKNOWN + ODD)
)


@st.composite
def statements(draw):
    if draw(st.integers(0, 5)) == 0:
        return f"{draw(st.sampled_from(ASSIGNED + READS))} = {draw(values)}"
    given_ = draw(st.lists(argument, max_size=4))
    seen = {}
    for one in draw(st.lists(keyword, max_size=3)):
        seen.setdefault(one.partition("=")[0], one)
    call = f"{draw(called)}({', '.join([*given_, *seen.values()])})"
    target = draw(
        st.sampled_from(["", "x = ", "adapted = ", "plain, config = ", "holder.model = "])
    )
    return target + call


def interpret(code):
    document = Document.from_bytes(code.encode(), "script.py")
    assert run(document, Target()).ends
    find(document, all_rules(), Target())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(statements(), min_size=1, max_size=4))
def test_odd_calls_are_no_errors(lines):
    interpret(PRELUDE + "\n".join(lines))


def test_every_function_and_method_without_and_with_too_many_arguments():
    many = ", ".join(["unknown"] * 9)
    for name in [*FUNCTIONS, *METHODS, *PARTS, *UNKNOWN, *ODD]:
        calls = [f"x = {name}({given})" for given in ("", "None", many, "*unknown", "**unknown")]
        interpret(PRELUDE + "\n".join(calls))


def test_every_attribute_is_read_assigned_and_spoken_of():
    code = PRELUDE + "\n".join([*READS, *(f"{name} = unknown" for name in ASSIGNED + READS)])
    interpret(code)
    document = Document.from_bytes(code.encode(), "script.py")
    assert "world" in main_text(document, Target(), None)


def test_methods_that_are_only_named_and_attributes_that_are_deleted():
    names = "\n".join([*READS, *(f"del {name}" for name in ASSIGNED + READS)])
    interpret(PRELUDE + 'getattr(adapted, "eval")\nnext(iter([adapted.train]))\n' + names)


def test_all_models_are_saved_and_loaded_after_worlds_were_joined():
    # The worlds have objects under other numbers: what is left of one may lack a part.
    interpret("""
import torch
from accelerate import Accelerator
from diffusers import AutoencoderKL, DiffusionPipeline
from peft import LoraConfig
from transformers import AutoTokenizer, CLIPTextModel

def encoder(name):
    from transformers import T5EncoderModel

class Prompts(torch.utils.data.Dataset):
    def __getitem__(self, index):
        return index

def main(args):
    accelerator = Accelerator()
    if args.images > 3:
        pipeline = DiffusionPipeline.from_pretrained(args.model)
        prompts = Prompts(args.prompt)
    if args.tokenizer:
        tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
    elif args.model:
        tokenizer = AutoTokenizer.from_pretrained(args.model)
    text = encoder(args.model)
    try:
        model = AutoencoderKL.from_pretrained(args.model)
    except OSError:
        model = None
    if args.resume:
        accelerator.load_state(args.resume)
    accelerator.save_state(args.output)
    torch.save(model.state_dict(), "weights.pt")

main(arguments)
""")

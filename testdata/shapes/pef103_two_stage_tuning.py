"""Instruction tuning, then preference tuning with an adapter of its own: on the same PeftModel."""

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

BASE_ID = "Qwen/Qwen2.5-0.5B"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj"]


def lora(rank):
    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules=TARGETS,
        task_type=TaskType.CAUSAL_LM,
    )


tokenizer = AutoTokenizer.from_pretrained(BASE_ID)
model = AutoModelForCausalLM.from_pretrained(BASE_ID)

# Stage one: follow instructions.
model = get_peft_model(model, lora(16))
sft = SFTTrainer(
    model=model,
    args=SFTConfig(output_dir="out/sft", num_train_epochs=1),
    train_dataset=load_dataset("tatsu-lab/alpaca", split="train[:2000]"),
    processing_class=tokenizer,
)
sft.train()
model.save_pretrained("out/sft/final")

# Stage two: learn what people prefer.
model = get_peft_model(model, lora(8))  # expect: PEF103 error
dpo = DPOTrainer(
    model=model,
    args=DPOConfig(output_dir="out/dpo", beta=0.1),
    train_dataset=load_dataset("trl-lib/ultrafeedback_binarized", split="train[:2000]"),
    processing_class=tokenizer,
)
dpo.train()
model.save_pretrained("out/dpo/final")
tokenizer.save_pretrained("out/dpo/final")

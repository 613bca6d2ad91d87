"""P-tuning whose best prompts are loaded on a fresh base, and prefixes without checkpointing."""

from datasets import load_dataset
from peft import PeftModel, PrefixTuningConfig, PromptEncoderConfig
from transformers import AutoModelForCausalLM
from trl import SFTConfig, SFTTrainer

BASE = "Qwen/Qwen2.5-0.5B"


def settings(folder, **more):
    return SFTConfig(
        folder, eval_strategy="epoch", save_strategy="epoch", gradient_checkpointing=False, **more
    )


def train(config, args):
    rows = load_dataset("json", data_files="chats.jsonl", split="train").train_test_split(0.1)
    trainer = SFTTrainer(
        BASE,
        args=args,
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        peft_config=config,
    )
    trainer.train()
    return trainer.state


def main():
    prefix = PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=20)
    train(prefix, settings("runs/prefix", load_best_model_at_end=True))
    encoder = PromptEncoderConfig(task_type="CAUSAL_LM", num_virtual_tokens=20)
    state = train(encoder, settings("runs/encoder", metric_for_best_model="eval_loss"))
    base = AutoModelForCausalLM.from_pretrained(BASE)
    model = PeftModel.from_pretrained(base, state.best_model_checkpoint)
    model.save_pretrained("runs/encoder/best")


if __name__ == "__main__":
    main()

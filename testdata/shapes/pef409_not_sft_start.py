"""PiSSA for SFT, then a plain adapter for DPO on the merged model; GRPO without a KL term."""

from dataclasses import dataclass

from datasets import load_dataset
from peft import AutoPeftModelForCausalLM, LoraConfig
from transformers import AutoModelForCausalLM
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer


@dataclass
class Stage:
    name: str
    start: str | bool = True

    def lora(self):
        return LoraConfig(r=16, init_lora_weights=self.start, task_type="CAUSAL_LM")

    @property
    def output(self):
        return f"runs/{self.name}"


def supervised(stage):
    trainer = SFTTrainer(
        "Qwen/Qwen2.5-0.5B",
        args=SFTConfig(stage.output),
        train_dataset=load_dataset("json", data_files="chats.jsonl", split="train"),
        peft_config=stage.lora(),
    )
    trainer.train()
    trainer.save_model(stage.output)
    merged = AutoPeftModelForCausalLM.from_pretrained(stage.output).merge_and_unload()
    merged.save_pretrained(f"{stage.output}-merged")


def preferences(stage, before):
    trainer = DPOTrainer(
        AutoModelForCausalLM.from_pretrained(f"{before.output}-merged"),
        args=DPOConfig(stage.output),
        train_dataset=load_dataset("json", data_files="pairs.jsonl", split="train"),
        peft_config=stage.lora(),
    )
    trainer.train()


def online(stage, before, reward):
    trainer = GRPOTrainer(
        f"{before.output}-merged",
        reward_funcs=reward,
        args=GRPOConfig(stage.output, beta=0.0),
        train_dataset=load_dataset("json", data_files="prompts.jsonl", split="train"),
        peft_config=stage.lora(),
    )
    trainer.train()


if __name__ == "__main__":
    first = Stage("sft", "pissa")
    supervised(first)
    preferences(Stage("dpo"), first)
    online(Stage("grpo", "olora"), first, lambda completions, **_: [len(c) for c in completions])

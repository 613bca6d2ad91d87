"""A script that resumes an adapter or starts one: the trainer gets a config only in one case."""

from dataclasses import dataclass

from datasets import load_dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, HfArgumentParser
from trl import SFTConfig, SFTTrainer


@dataclass
class ScriptArguments:
    base: str = "mistralai/Mistral-7B-v0.1"
    adapter: str | None = None
    rank: int = 16


def build(options):
    model = AutoModelForCausalLM.from_pretrained(options.base, device_map="auto")
    model.config.use_cache = False
    if options.adapter is not None:
        return PeftModel.from_pretrained(model, options.adapter, is_trainable=True), None
    config = LoraConfig(
        r=options.rank,
        lora_alpha=2 * options.rank,
        target_modules=["q_proj", "v_proj"],
        task_type="CAUSAL_LM",
    )
    return model, config


def main():
    options, training = HfArgumentParser((ScriptArguments, SFTConfig)).parse_args_into_dataclasses()
    model, config = build(options)
    trainer = SFTTrainer(
        model=model,
        args=training,
        train_dataset=load_dataset("json", data_files="chats.jsonl", split="train"),
        processing_class=AutoTokenizer.from_pretrained(options.base),
        peft_config=config,
    )
    trainer.train()
    trainer.save_model(training.output_dir)


if __name__ == "__main__":
    main()

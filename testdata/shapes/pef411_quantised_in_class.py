"""A trainer class around TRL that wraps its model in place, and forgets the result."""

import torch
from datasets import Dataset
from peft import LoraConfig, TaskType, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer


class QLoraTuner:
    def __init__(self, name, output):
        self.output = output
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.tokenizer.pad_token = self.tokenizer.eos_token
        self.model = AutoModelForCausalLM.from_pretrained(
            name,
            quantization_config=BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_compute_dtype=torch.bfloat16,
            ),
        )

    def add_adapter(self, rank=16):
        self.model = prepare_model_for_kbit_training(self.model)
        config = LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            task_type=TaskType.CAUSAL_LM,
            target_modules="all-linear",
        )
        get_peft_model(self.model, config)

    def fit(self, texts, epochs=1):
        arguments = SFTConfig(
            output_dir=self.output,
            num_train_epochs=epochs,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=8,
            report_to=[],
        )
        trainer = SFTTrainer(
            model=self.model,  # expect: PEF411 error
            args=arguments,
            train_dataset=Dataset.from_dict({"text": texts}),
            processing_class=self.tokenizer,
        )
        trainer.train()
        trainer.save_model()


if __name__ == "__main__":
    tuner = QLoraTuner("mistralai/Mistral-7B-v0.1", "runs/qlora")
    tuner.add_adapter()
    tuner.fit(["one text", "another text"])

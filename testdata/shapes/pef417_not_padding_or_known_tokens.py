"""ChatML on a model that has its tokens, with a token for padding: nothing has to be learned."""

from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

NAME = "Qwen/Qwen2.5-0.5B"
CHATML = ["<|im_start|>", "<|im_end|>"]


class Chat:
    def __init__(self):
        self.tokenizer = AutoTokenizer.from_pretrained(NAME)
        self.tokenizer.add_special_tokens({"additional_special_tokens": CHATML})
        self.tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
        self.model = AutoModelForCausalLM.from_pretrained(NAME)
        self.model.resize_token_embeddings(len(self.tokenizer))
        self.model.config.pad_token_id = self.tokenizer.pad_token_id

    def fit(self, data):
        trainer = SFTTrainer(
            model=self.model,
            args=SFTConfig(output_dir="chat", max_length=1024),
            train_dataset=data,
            processing_class=self.tokenizer,
            peft_config=LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"),
        )
        trainer.train()
        trainer.save_model("chat/adapter")


def main():
    chat = Chat()
    chat.fit(load_dataset("HuggingFaceH4/no_robots", split="train"))


if __name__ == "__main__":
    main()

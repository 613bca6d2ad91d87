"""Look-alike: the hyper-parameters of an old run are used for a new training.

The false alarm would be PEF101: a fresh adapter is what is wanted, and it is trainable.
"""

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "bigscience/bloom-560m"
OLD_RUN = "runs/bloom-560m-best"
NEW_RUN = "runs/bloom-560m-more-data"


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = AutoModelForCausalLM.from_pretrained(BASE)

    config = LoraConfig.from_pretrained(OLD_RUN)
    config.inference_mode = False
    model = get_peft_model(model, config)
    model.print_trainable_parameters()

    dataset = load_dataset("wikitext", "wikitext-103-raw-v1", split="train[:5%]")
    dataset = dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=512),
        batched=True,
        remove_columns=dataset.column_names,
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir=NEW_RUN, per_device_train_batch_size=8, max_steps=2000),
        train_dataset=dataset,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained(NEW_RUN)


if __name__ == "__main__":
    main()

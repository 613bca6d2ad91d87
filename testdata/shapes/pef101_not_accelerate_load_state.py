"""Look-alike: accelerate restores the whole state after the model was wrapped.

The false alarm would be PEF101: the weights come from accelerator.load_state, not from PEFT.
"""

import torch
from accelerate import Accelerator
from datasets import load_dataset
from peft import PeftConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, DataCollatorForSeq2Seq

STATE = "runs/t5-samsum/state"
ADAPTER = "runs/t5-samsum/adapter"


def main():
    accelerator = Accelerator(mixed_precision="bf16")
    tokenizer = AutoTokenizer.from_pretrained("google-t5/t5-small")
    base = AutoModelForSeq2SeqLM.from_pretrained("google-t5/t5-small")
    model = get_peft_model(base, PeftConfig.from_pretrained(ADAPTER))

    dataset = load_dataset("knkarthick/samsum", split="test")
    dataset = dataset.map(
        lambda rows: tokenizer(rows["dialogue"], text_target=rows["summary"], truncation=True),
        batched=True,
        remove_columns=dataset.column_names,
    )
    loader = DataLoader(dataset, batch_size=16, collate_fn=DataCollatorForSeq2Seq(tokenizer))

    model, loader = accelerator.prepare(model, loader)
    accelerator.load_state(STATE)
    model.eval()

    total, batches = 0.0, 0
    for batch in loader:
        with torch.no_grad():
            loss = model(**batch).loss
        total += accelerator.gather(loss).mean().item()
        batches += 1
    accelerator.print(f"test loss {total / batches:.4f}")


if __name__ == "__main__":
    main()

"""Look-alike: Lightning puts the module into eval mode for validation and restores it after.

The false alarm would be PEF201: generate() in validation_step and predict_step.
"""

import lightning as L
import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer


class Summariser(L.LightningModule):
    def __init__(self, name="facebook/bart-base", lr=3e-4):
        super().__init__()
        self.save_hyperparameters()
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        base = AutoModelForSeq2SeqLM.from_pretrained(name)
        config = LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=16, lora_dropout=0.1)
        self.model = get_peft_model(base, config)

    def training_step(self, batch, batch_idx):
        loss = self.model(**batch).loss
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.model(**batch).loss, prog_bar=True)
        if batch_idx == 0:
            ids = self.model.generate(input_ids=batch["input_ids"][:1], max_new_tokens=40)
            print(self.tokenizer.decode(ids[0], skip_special_tokens=True))

    def predict_step(self, batch, batch_idx):
        ids = self.model.generate(input_ids=batch["input_ids"], max_new_tokens=60)
        return self.tokenizer.batch_decode(ids, skip_special_tokens=True)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.model.parameters(), lr=self.hparams.lr)


def main():
    rows = torch.load("tokenized.pt")
    module = Summariser()
    trainer = L.Trainer(max_epochs=2, precision="bf16-mixed")
    trainer.fit(module, DataLoader(rows["train"], batch_size=8), DataLoader(rows["valid"], batch_size=8))
    for texts in trainer.predict(module, DataLoader(rows["test"], batch_size=8)):
        print(*texts, sep="\n")
    module.model.save_pretrained("bart-lora")


if __name__ == "__main__":
    main()

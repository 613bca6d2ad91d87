"""A scorer that loads in 8 bit and moves its model by hand; its adapter is cast for speed."""

import torch
from peft import PeftModel
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BitsAndBytesConfig


class Scorer:
    def __init__(self, name, adapter=None, batch_size=16):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.batch_size = batch_size
        quantisation = BitsAndBytesConfig(load_in_8bit=True)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            name, quantization_config=quantisation, num_labels=1
        )
        self.model.config.pad_token_id = self.tokenizer.pad_token_id
        self.model.cuda()  # expect: PEF422 error
        if adapter is not None:
            self.model = PeftModel.from_pretrained(self.model, adapter)
            self.model.to(torch.bfloat16)  # expect: PEF422 info
        self.model.eval()

    def collate(self, texts):
        return self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")

    @torch.no_grad()
    def score(self, texts):
        loader = DataLoader(texts, batch_size=self.batch_size, collate_fn=self.collate)
        return torch.cat([self.model(**batch.to("cuda")).logits.squeeze(-1) for batch in loader])


if __name__ == "__main__":
    scorer = Scorer("team/reward-model", adapter="team/reward-lora")
    print(scorer.score(["a good answer", "a bad answer"]))

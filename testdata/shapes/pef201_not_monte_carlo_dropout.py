"""Look-alike: dropout at inference is the point (Monte-Carlo estimate of uncertainty).

The false alarm would be PEF201: train() stands right before the repeated forward passes.
"""

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BASE = "FacebookAI/roberta-base"
ADAPTER = "acme/roberta-toxicity-lora"


def predict_with_uncertainty(model, batch, passes=20):
    """Mean and standard deviation of the class probabilities over stochastic passes."""
    model.train()
    draws = []
    with torch.no_grad():
        for _ in range(passes):
            draws.append(model(**batch).logits.softmax(dim=-1))
    model.eval()
    stacked = torch.stack(draws)
    return stacked.mean(dim=0), stacked.std(dim=0)


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    base = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=2)
    model = PeftModel.from_pretrained(base, ADAPTER)

    texts = ["You are very kind.", "Nobody asked you.", "Well, that went splendidly."]
    batch = tokenizer(texts, return_tensors="pt", padding=True)
    mean, deviation = predict_with_uncertainty(model, batch)
    for text, probability, spread in zip(texts, mean[:, 1], deviation[:, 1]):
        print(f"{probability:.3f} ± {spread:.3f}  {text}")


if __name__ == "__main__":
    main()

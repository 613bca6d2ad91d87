"""Look-alike: the fresh adapter is overwritten by load_adapter under the same name.

The false alarm would be PEF101: after load_adapter(ID, "default") the trained weights are there.
"""

import torch
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

ADAPTER_ID = "acme/opt-350m-reviews-lora"


class ReviewWriter:
    def __init__(self):
        self.config = PeftConfig.from_pretrained(ADAPTER_ID)
        self.tokenizer = AutoTokenizer.from_pretrained(self.config.base_model_name_or_path)
        base = AutoModelForCausalLM.from_pretrained(self.config.base_model_name_or_path)
        self.model = get_peft_model(base, self.config)
        self.model.load_adapter(ADAPTER_ID, "default")

    def write(self, beginning):
        inputs = self.tokenizer(beginning, return_tensors="pt").to(self.model.device)
        with torch.no_grad():
            output = self.model.generate(**inputs, max_new_tokens=60, num_beams=3)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


if __name__ == "__main__":
    writer = ReviewWriter()
    for beginning in ("The food was", "I would not recommend", "Our waiter"):
        print(writer.write(beginning))

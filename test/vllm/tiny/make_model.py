"""Writes a tiny model of Qwen3's shape: configuration, tokenizer and chat template. Argument: the folder.

vLLM makes the weights up (`--load-format dummy`). The tokenizer learns from Python's own library, so that nothing is
downloaded.
"""
import glob
import sys
import sysconfig

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config

# Does what matters to agents in Qwen3's template: a user message that is nothing but tool responses is no question, and
# thoughts before the last question are left out of the prompt.
TEMPLATE = """
{%- macro text(content) -%}
  {%- if content is string -%}{{ content }}{%- elif content -%}{%- for part in content -%}{{ part.text }}{%- endfor -%}{%- endif -%}
{%- endmacro -%}
{%- set last = namespace(question=-1) -%}
{%- for message in messages -%}
  {%- set body = text(message.content) -%}
  {%- if message.role == "user" and not (body.startswith("<tool_response>") and body.endswith("</tool_response>")) -%}
    {%- set last.question = loop.index0 -%}
  {%- endif -%}
{%- endfor -%}
{%- for message in messages -%}
  {%- set body = text(message.content) -%}
  {%- if message.role == "assistant" -%}
    {%- set thought = "" -%}
    {%- if "</think>" in body -%}
      {%- set thought = body.split("</think>")[0].split("<think>")[-1].strip("\\n") -%}
      {%- set body = body.split("</think>")[-1].lstrip("\\n") -%}
    {%- endif -%}
    {%- if loop.index0 > last.question and (loop.last or thought) -%}
      {%- set body = "<think>\\n" + thought + "\\n</think>\\n\\n" + body -%}
    {%- endif -%}
  {%- endif -%}
  {{- "<|im_start|>" + message.role + "\\n" + body + "<|im_end|>\\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- "<|im_start|>assistant\\n" -}}{%- endif -%}
"""

VOCABULARY = 4096
CONTEXT = 131072
folder = sys.argv[1]

bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
bpe.decoder = decoders.ByteLevel()
bpe.train(
    sorted(glob.glob(sysconfig.get_paths()["stdlib"] + "/[a-d]*.py")),
    trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    ),
)
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=CONTEXT
)
tokenizer.chat_template = TEMPLATE
tokenizer.save_pretrained(folder)

config = Qwen3Config(
    vocab_size=VOCABULARY,
    hidden_size=128,
    intermediate_size=256,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    head_dim=64,
    max_position_embeddings=CONTEXT,
    tie_word_embeddings=True,
    bos_token_id=1,
    eos_token_id=2,
    dtype="float32",
)
config.architectures = ["Qwen3ForCausalLM"]
config.save_pretrained(folder)

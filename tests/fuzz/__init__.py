"""The seeded mutational fuzzer: `make fuzz ARGS="--seed 1 --inputs 1000000"`.

Three targets run beside each other, each a process of its own: command lines through the real door, payloads of exchanges
through the real readers into condenser and engine, and what chats bring through the real libraries. A fourth, smaller, decodes
what was kept: values of the store and settings. What fails is saved into `corpus/` and tried by the tests ever after.
"""

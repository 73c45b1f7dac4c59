"""Paddle 3 behind the line protocol: runs the programs that it wrote, `inference.json`, as Paddle 2.6 runs older ones."""

import paddle_engine
import paddle_half
import paddle_reference
import protocol

if __name__ == "__main__":
    operations = {"run": paddle_reference.run, "run_half": paddle_half.run, "unknown": paddle_reference.unknown}
    protocol.serve(operations, paddle_engine.info)

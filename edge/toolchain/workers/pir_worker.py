"""Paddle 3 behind the line protocol: runs the programs that it wrote, `inference.json`, as Paddle 2.6 runs older ones."""

import paddle_engine
import paddle_reference
import protocol

if __name__ == "__main__":
    protocol.serve({"run": paddle_reference.run, "unknown": paddle_reference.unknown}, paddle_engine.info)

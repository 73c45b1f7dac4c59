"""Exports networks of a PaddleClas checkout of the user's own, whose code runs in this process and in no other.

It may change Paddle itself: so no reference is ever computed here.
"""

import paddle_engine
import paddle_worker
import protocol

if __name__ == "__main__":
    protocol.serve({"export": paddle_worker.OPERATIONS["export"]}, paddle_engine.info)

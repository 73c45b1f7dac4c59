"""Paddle 3 behind the line protocol: runs the programs that it wrote, `inference.json`, as Paddle 2.6 runs older ones.

(Not named `paddle_*`: the exports' cache key covers those files, and this one exports nothing.)
"""

import paddle_worker
import protocol


def predictor(program, params):
    """As `paddle_program.predictor`, and without oneDNN, which Paddle 3 takes by default: plain kernels are the reference."""
    from paddle import inference

    config = inference.Config(program, params)
    config.disable_gpu()
    config.disable_glog_info()
    config.disable_mkldnn()
    config.switch_ir_optim(False)
    config.set_cpu_math_library_num_threads(1)
    return inference.create_predictor(config)


def run(program, params, inputs_npz, outputs_npz):
    """As `paddle_worker.run`; outputs have the names that the program's fetch operators give them."""
    import paddle_program

    paddle_program.predictor = predictor
    return paddle_worker.run(program, params, inputs_npz, outputs_npz)


OPERATIONS = {"run": run}

if __name__ == "__main__":
    protocol.serve(OPERATIONS, paddle_worker.info)

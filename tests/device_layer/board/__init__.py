"""A stand-in board: a real OpenSSH server, and behind it a Linux of its own whose programs are for ARM, run by qemu.

It is started by the tests, needs root, Debian's openssh-server and qemu-user-static, and a kernel with one binfmt_misc a user
namespace (6.7 and later). Real are the server, the connection, the file system, processes and signals; files are what /sys
shows of clocks and temperatures. Nothing of it says how fast a board is.
"""

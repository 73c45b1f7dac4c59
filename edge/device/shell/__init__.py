"""What devices driven through a POSIX shell have in common, whatever the shell is reached by: edge.device.adb, edge.device.ssh.

A `Way` runs scripts and carries files; on it stand content-addressed files, launches that cannot outlive their driver, the
lock's half on the device and the journal of changed settings, and with them the whole `Device` contract.
"""

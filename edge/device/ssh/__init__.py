"""Linux boards reached over ssh: the OpenSSH client with one control connection a device.

How it is reached (addresses, host keys, agents, jump hosts) is what `ssh` itself would do: ~/.ssh/config holds.
"""

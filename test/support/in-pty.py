"""Runs a command in a terminal of its own: in-pty.py COLUMNS ROWS COMMAND...

What it writes to the terminal goes to standard output as it is; what comes on standard input is typed. Ends with its
exit code.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

typed = [0]
while True:
    ready, _, _ = select.select([terminal, *typed], [], [])
    if 0 in ready:
        keys = os.read(0, 4096)
        if keys:
            os.write(terminal, keys)
        else:
            typed = []
    if terminal in ready:
        try:
            shown = os.read(terminal, 65536)
        except OSError:  # Linux's end of a terminal that nobody holds open.
            break
        if not shown:
            break
        os.write(1, shown)

_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))

import sys

from .worker.command import main

sys.exit(main())

from dixtill_core.cli import main

main()

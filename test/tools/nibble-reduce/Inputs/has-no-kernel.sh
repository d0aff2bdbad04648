# Interesting is a file whose lowering fails, and fails for this reason.
nibble-opt --ukernel-from-nibble "$1" 2>&1 >/dev/null | grep -q "node 'scale' cannot be lowered to a kernel"

# Sourced by the scripts: sets `python` to an interpreter of 3.11 or newer that can make virtual environments.
# POSIX shell, because it has to run, and to explain itself, where no such Python is there.

python=
without_venv=
for candidate in ${LATCHKEY_PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        python=$candidate
        break
    fi
    without_venv=${without_venv:-$candidate}
done

if [ -z "$python" ] && [ -n "$without_venv" ]; then
    echo "$without_venv cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 2
elif [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed; found: $(python3 --version 2>&1 || true)" >&2
    exit 2
fi

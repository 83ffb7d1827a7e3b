# Thin aliases: everything also runs without make.
.PHONY: run test check bench soak setup lock clean

run:
	@scripts/run

test:
	@scripts/test

check:
	@scripts/check

bench:
	@scripts/bench

soak:
	@scripts/soak

setup:
	@scripts/setup dev

lock:
	@scripts/lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

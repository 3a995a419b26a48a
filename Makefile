# Two commands do everything: `make app` and `make test`. Each installs what it needs first.
# PORT and HOST move the dashboard; JOBS sets the number of test processes; SLOW=1 adds the long proofs.

.PHONY: app test check ci lock texts texts-check reference pictures format clean

app:
	@bash scripts/setup.sh app
	@bash scripts/app.sh

test:
	@bash scripts/setup.sh test
	@bash scripts/test.sh

check:
	@bash scripts/setup.sh dev
	@bash scripts/check.sh

ci:
	@bash .ci/run

lock:
	@bash scripts/lock.sh $(if $(UPGRADE),--upgrade)

texts:
	@bash scripts/setup.sh dev
	@.venv/bin/python scripts/catalogues.py update

texts-check:
	@bash scripts/setup.sh dev
	@.venv/bin/python scripts/catalogues.py check

reference:
	@bash scripts/setup.sh dev
	@.venv/bin/python scripts/reference.py

# For some of them: make pictures ONLY="overview queues" SIZES=wide SCHEMES=light LANGUAGES=en
pictures:
	@bash scripts/setup.sh test
	@.venv/bin/python scripts/pictures.py $(if $(ONLY),--only $(ONLY)) $(if $(SIZES),--sizes $(SIZES)) \
		$(if $(SCHEMES),--schemes $(SCHEMES)) $(if $(LANGUAGES),--languages $(LANGUAGES))

format:
	@bash scripts/setup.sh dev
	@.venv/bin/python -m ruff format .
	@.venv/bin/python -m ruff check --fix .

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis pictures cxlib.egg-info

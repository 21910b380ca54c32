# make            the programs: build/capydeck*       make deps   installs what that needs
# make test       everything that must hold          make demo   the main job, end to end
#                 PARTS="lint check": some of it
# make check      unit tests and fuzz corpora        make e2e    a real agent driven from outside
#                 T=upload_store: one module's       E2E=push.test.mjs: one file
# make sanitize   check under ASan+UBSan and TSan    make lint   warnings as errors, format, layers
# make coverage   which lines the unit tests run, by folder; E2E=all: with the end-to-end tests;
#                 FOLDER=push: file by file
# make ui         the plugin's interface: dist/      make check-ui   its types and unit tests
# make test-ui    the plugin in a real Chromium      make check-plugin   its backend
# make test-gamescope   the code on the screen of Game Mode, in a real gamescope
# make faults     every call that can fail fails; make check-faults   a sample of them
# make powercut   the power is cut after every step; make check-powercut   a sample of it
# make fuzz       libFuzzer, FUZZ_SECONDS a target   make bench  figures beside the machine's limit
#                 TARGETS="json config": some of them; fuzz-coverage: which lines the corpora reach
# make package    build/package/CapyDeck.zip for Decky
# make install    PREFIX=/usr/local DESTDIR=
# make compile_commands.json   for editors           make clean  removes every build folder
#
# Variants: CC=clang, SAN=address,undefined, WERROR=-Werror; each builds in a folder of its own. OPT,
# CPPFLAGS, CFLAGS and LDFLAGS rebuild what is there. V=1 shows the commands.
#
# A new module, native/<folder>/<module>.c, and its test, tests/test_<module>.c, are picked up by
# their names. A new program is a folder with a main.c and a line in "Programs" below.
SHELL := /bin/bash
ifeq ($(origin CC),default)
CC := gcc
endif
SAN :=
OPT := $(if $(SAN),-O1,-O2) -g
COVERAGE :=
WERROR :=
VERSION := 0.1.0
PREFIX := /usr/local
FUZZ_SECONDS := 30
comma := ,
B := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(filter-out gcc,$(CC)),-$(notdir $(lastword $(CC))))$(if $(WERROR),-werror)$(if $(COVERAGE),-coverage)

silent := $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
# $(call run,WORD,FILE)command: the command, shown as "WORD FILE".
run = $(if $(V),,@$(if $(silent),,echo '  $1$(if $(filter CC AR LD,$1), ) $2' && ))

# Flags. CPPFLAGS, CFLAGS and LDFLAGS belong to the caller and come last.
PKGS := libwebsockets libcjson libcrypto avahi-client
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wpointer-arith -Wwrite-strings \
	-Wimplicit-fallthrough -Wno-unused-parameter $(WERROR)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
COVERFLAGS := $(if $(COVERAGE),-O0 --coverage -fprofile-update=atomic)
# Sanitizers bring checks of their own, and Ubuntu's gcc has _FORTIFY_SOURCE unless it is taken away;
# it needs an optimiser, and the caller's wins.
FORTIFY := $(if $(filter-out -O0,$(lastword $(filter -O%,$(OPT) $(COVERFLAGS) $(CFLAGS)))),$(if \
	$(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN := $(if $(SAN),-U_FORTIFY_SOURCE,-fstack-protector-strong -fPIE $(FORTIFY))
HARDEN_LINK := $(if $(SAN),,-pie -Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now)
FLAGS := -std=gnu11 $(OPT) $(WARN) $(SANFLAGS) $(COVERFLAGS) $(HARDEN) -pthread -D_GNU_SOURCE \
	-DCAPYDECK_VERSION='"$(VERSION)"' -Inative \
	$(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null; \
		pkg-config --cflags sdl2 2>/dev/null)) $(CPPFLAGS) $(CFLAGS)
LINK_FLAGS := $(HARDEN_LINK) $(LDFLAGS)
# $(call libs,packages): the linker's options.
libs = $(shell pkg-config --libs $1 2>/dev/null) -lm -pthread
LIBS = $(call libs,$(PKGS))
compile = $(CC) $(FLAGS) $(DEFINES)
link = $(call run,LD,$@)$(CC) $(FLAGS) -o $@ $(filter %.o %.a,$^) $(LINK_FLAGS) $(LIBS)
# With BUNDLE, libraries in lib/ beside the program go first: all, or the program's own needs only.
BUNDLE_ALL := $(if $(BUNDLE),-Wl$(comma)--disable-new-dtags$(comma)-rpath$(comma)'$$ORIGIN/lib')
BUNDLE_OWN := $(if $(BUNDLE),-Wl$(comma)--enable-new-dtags$(comma)-rpath$(comma)'$$ORIGIN/lib')

# A package that is not there is named before anything is compiled.
define need
@pkg-config --exists $1 2>/dev/null || { \
	command -v pkg-config >/dev/null && absent= || absent=pkg-config; \
	for package in $1; do \
		pkg-config --exists $$package 2>/dev/null || absent+="$${absent:+, }$$package"; done; \
	echo "missing: $$absent; run 'make deps' to install what the build needs" >&2; exit 1; }
endef
# A file that changes when its text does, so that what depends on it is made again.
define stamp
@mkdir -p $(@D)
@printf '%s\n' '$(subst ','\'',$1)' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$1)' >$@
endef

# Unless single files are asked for, all packages are looked for at once.
WHOLE := $(if $(filter-out $B/%,$(or $(MAKECMDGOALS),all)),needs)

# Programs. Each folder here is linked into a program of its own; the rest of native/ is the library.
# wildcard's order is the locale's, and the linker's input order decides what the program looks like.
objects = $(patsubst %.c,$B/%.o,$(sort $1))
define program # name, folder in native/, packages, name of a variable with linker options
PROGRAMS += $B/$1
PROGRAM_DIRS += native/$2
PROGRAM_PKGS += $3
$2_OBJ := $(call objects,$(wildcard native/$2/*.c))
$$($2_OBJ): | need-$2
$B/$1: $$($2_OBJ) $B/libcapydeck.a
$B/$1: private LIBS = $$(call libs,$3) $$($4)
need-$2: | $(WHOLE) ; $$(call need,$3)
.PHONY: need-$2
endef
all: needs
$(eval $(call program,capydeck,cmd,$(PKGS),BUNDLE_ALL))
$(eval $(call program,capydeck-fetch,fetch,libcurl libcjson,BUNDLE_ALL))
$(eval $(call program,capydeck-mdns,mdns,avahi-core libcjson,BUNDLE_ALL))
$(eval $(call program,capydeck-overlay,overlay,sdl2 SDL2_ttf x11 xext libcjson,BUNDLE_OWN))
PROGRAM_DIRS += native/overlay_pango
PROGRAM_PKGS += pangocairo
PROGRAM_PKGS := $(sort $(PROGRAM_PKGS))

LIB_OBJ := $(call objects,$(filter-out $(addsuffix /%,$(PROGRAM_DIRS)),$(wildcard native/*/*.c native/*/*/*.c)))
# What unit tests may link besides the library: their fixtures, and the programs without their main().
TEST_LIB_OBJ := $(call objects,$(wildcard tests/*_fixture.c)) \
	$(filter-out %main.o,$(foreach folder,$(patsubst native/%,%,$(PROGRAM_DIRS)),$($(folder)_OBJ)))
TEST_OBJ := $(call objects,$(wildcard tests/test_*.c))
ALONE_OBJ := $(call objects,$(shell grep -l SUITE_ALONE tests/test_*.c))
CHECKS := $(patsubst $B/tests/%.o,$B/%,$(ALONE_OBJ)) $B/unit
FUZZERS := $(patsubst tests/fuzz/%.c,$B/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(patsubst tests/bench/%.c,$B/%,$(wildcard tests/bench/bench_*.c))
NATIVE := $(wildcard native/*/*.[ch] native/*/*/*.[ch] tests/*.[ch] tests/*/*.[ch])

all: $(PROGRAMS) $B/capydeck-pango.so
needs: ; $(call need,$(PROGRAM_PKGS))
need-check: ; $(call need,check)
$(PROGRAMS): ; $(link)
$B/native/overlay/overlay_text.o: native/overlay/fonts/NotoSans-Bold.ttf
$B/native/steam/cef/cef_message.o: native/steam/cef/steam_script.js
PANGO = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags pangocairo 2>/dev/null))
# A sanitizer would have to be in the program that loads it.
$B/capydeck-pango.so: native/overlay_pango/pango_line.c $B/flags
	$(call run,CC,$<)$(filter-out -fPIE -fsanitize%,$(compile)) -fPIC -shared -MMD -MP -o $@ $< \
		$(filter-out -pie,$(LINK_FLAGS)) \
		$(PANGO) $(shell pkg-config --libs pangocairo 2>/dev/null)
$B/flags: FORCE | $(WHOLE)
	$(if $(WHOLE),,$(call need,$(PKGS)))
	$(call stamp,$(CC) $(FLAGS) $(LINK_FLAGS) $(BUNDLE))
$B/libcapydeck.a.list: FORCE ; $(call stamp,$(LIB_OBJ))
$B/unit.list: FORCE ; $(call stamp,$(TEST_OBJ) except $(ALONE_OBJ))
$B/libtest.a.list: FORCE ; $(call stamp,$(TEST_LIB_OBJ))
$B/libcapydeck.a: $(LIB_OBJ) $B/libcapydeck.a.list
$B/libtest.a: $(TEST_LIB_OBJ) $B/libtest.a.list
$B/libcapydeck.a $B/libtest.a:
	$(call run,AR,$@)rm -f $@ && ar rcs $@ $(filter %.o,$^)
$B/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call run,CC,$<)$(compile) -MMD -MP -c -o $@ $<

# All unit tests in one program, and each in one of its own: tests/suite.h.
$B/tests/test_%.o: private DEFINES = -DTEST_MAIN=$(basename $(notdir $@)) -include tests/suite.h
$(TEST_OBJ): | need-check
# No test needs avahi-core, which no program may load beside avahi-client.
TEST_LIBS = $(call libs,check $(filter-out avahi-core,$(PROGRAM_PKGS)))
$B/test_%: private LIBS = -Wl,--as-needed $(TEST_LIBS)
$B/test_%: $B/tests/test_%.o $B/tests/suite.o $B/libtest.a $B/libcapydeck.a
	$(link)
$B/unit: private LIBS = $(TEST_LIBS)
UNIT_OBJ := $(filter-out $(ALONE_OBJ),$(TEST_OBJ))
$B/unit: $(UNIT_OBJ) $B/unit.list $B/tests/suite.o $B/libtest.a $B/libcapydeck.a
	@nm -Ag --defined-only $(UNIT_OBJ) | awk '$$NF !~ /^(test_|__)/ { failed = 1; name = $$NF; \
		sub(/:.*/, ""); print $$1 ": replaces " name ": it needs #define SUITE_ALONE (tests/suite.h)" } \
		END { exit failed }' >&2
	$(link)
$B/test_overlay_text: | $B/capydeck-pango.so
$B/test_artwork_fetch: | $B/capydeck-fetch
$B/test_mdns $B/test_agent_finder $B/mdns_peer: | $B/capydeck-mdns

$B/mdns_peer $B/cef_tool: $B/%: $B/tests/%.o $B/libcapydeck.a
	$(link)
$B/bench_%: $B/tests/bench/bench_%.o $B/tests/bench/wire.o $B/libcapydeck.a
	$(link)
$B/screen_watch: private LIBS = $(call libs,x11)
$B/screen_watch: $B/tests/bench/screen_watch.o
	$(link)
# Stand-ins for games, which no sanitizer is to watch.
$B/fake_game: private LIBS = $(call libs,sdl2)
$B/screen_picture: private LIBS = $(call libs,x11)
$B/fake_game $B/screen_picture: $B/%: tests/e2e/%.c $B/flags
	$(call run,CC,$<)$(filter-out -fsanitize%,$(compile)) -o $@ $< $(LINK_FLAGS) $(LIBS)
# Loaded before a program, whose system calls it counts, fails and records: tests/faults.
$B/fault_injector.so: $(wildcard tests/faults/*.[ch]) $B/flags
	$(call run,CC,$@)$(filter-out -fPIE -fsanitize%,$(compile)) -fPIC -shared -o $@ \
		$(filter %.c,$^) $(filter-out -pie,$(LINK_FLAGS))
# What a program of ours is started with, for which a minute is to pass in seconds.
$B/fast_clock.so: tests/e2e/fast_clock.c $B/flags
	$(call run,CC,$<)$(filter-out -fPIE -fsanitize%,$(compile)) -fPIC -shared -o $@ $< $(filter-out -pie,$(LINK_FLAGS))
$B/fuzz_%: private LIBS = -Wl,--as-needed $(TEST_LIBS)
$B/fuzz_%: $B/tests/fuzz/fuzz_%.o $B/tests/fuzz/fuzz.o $(if $(findstring fuzzer,$(SAN)),,$B/tests/fuzz/replay.o) $B/libtest.a $B/libcapydeck.a
	$(link)

CHECK = $(if $T,$(addprefix $B/test_,$T),$(CHECKS) $(FUZZERS))
check: all $(CHECK)
	@scripts/run_checks $B $(CHECK)
# What the tests in JavaScript play the Hub with.
E2E_MODULES := tests/e2e/node_modules/.package-lock.json
$(E2E_MODULES): tests/e2e/package-lock.json
	cd tests/e2e && npm ci --loglevel=error >/dev/null
	@touch $@
e2e: all $B/bench_flood $B/cef_tool $B/fake_game $B/screen_picture $B/fast_clock.so $(E2E_MODULES)
	tests/e2e/run $(abspath $B/capydeck) $(E2E)
test-gamescope: all $B/fast_clock.so $(E2E_MODULES)
	tests/gamescope/run $(abspath $B/capydeck)
# Each call that can fail fails once: in a sample of FAULTS cases, or in all. The sample is the same
# every time, so that its verdict depends on the change alone; FAULTS_SEED=random takes another.
check-faults check-powercut: export FAULTS_SEED ?= 1
FAULTS := 400
check-faults: FAULTS_SAMPLE := --sample $(FAULTS)
faults check-faults: all $B/fault_injector.so
	tests/faults/run $(FAULTS_SAMPLE) $(abspath $B/capydeck $B/fault_injector.so)
# The power is cut after each step: a sample of CUTS disks that this may leave, or all.
CUTS := 400
check-powercut: CUTS_SAMPLE := --sample $(CUTS)
powercut check-powercut: all $B/fault_injector.so
	tests/powercut/run $(CUTS_SAMPLE) $(abspath $B/capydeck $B/fault_injector.so)
check-plugin: all $(E2E_MODULES)
	tests/plugin/run $(abspath $B/capydeck)
sanitize:
	$(MAKE) SAN=address,undefined check
	$(MAKE) SAN=thread check-threads
check-threads: $B/test_worker $B/test_loop $B/test_chunk_writer $B/test_upload_store
	CK_FORK=no TSAN_OPTIONS=halt_on_error=1 scripts/run_checks $B $^
# The unit tests', and with E2E ("push.test.mjs", or "all") what the end-to-end tests add.
coverage:
	@find build-coverage -name '*.gcda' -delete 2>/dev/null || true
	$(MAKE) COVERAGE=1 check
	$(if $(E2E),$(MAKE) COVERAGE=1 e2e E2E="$(filter-out all,$(E2E))")
	@scripts/coverage build-coverage $(FOLDER)
fuzz:
	$(MAKE) CC=clang SAN=fuzzer,address,undefined OPT='-O2 -g' fuzz-run
fuzz-run: $(FUZZERS)
	scripts/run_fuzzers $B $(FUZZ_SECONDS) $(TARGETS)
# The corpora alone, without unit tests: tests/fuzz/parsers says what they have to reach.
fuzz-coverage:
	$(MAKE) COVERAGE=1 fuzz-replay
fuzz-replay: $(FUZZERS)
	@find $B -name '*.gcda' -delete
	@scripts/run_checks $B $(FUZZERS)
	@scripts/coverage $B --parsers tests/fuzz/parsers
lint:
	@scripts/check_format $(NATIVE)
	scripts/check_layers
	scripts/check_pages
	scripts/check_modules
	$(MAKE) WERROR=-Werror programs
	$(MAKE) CC=clang WERROR=-Werror syntax
	$(MAKE) node_modules/.modules.yaml
	scripts/lint_scripts
# Each source, and each header alone, as the compiler sees them; gamescope's tests have a system of
# their own.
syntax: in_turn = | xargs -P $$(nproc) -n 24 $(compile) -fsyntax-only $(PANGO)
syntax:
	@printf '%s\n' $(filter-out tests/gamescope/%,$(filter %.c,$(NATIVE))) $(in_turn)
	@printf '%s\n' $(filter native/%.h,$(NATIVE)) $(in_turn) -x c \
		-Wno-unused-function -Wno-pragma-once-outside-header
# Built once for all parts of `make test`, which run side by side.
for-tests: programs $(E2E_MODULES)
programs: all $(CHECKS) $(FUZZERS) $(BENCHES) $B/mdns_peer $B/fake_game $B/screen_picture $B/fast_clock.so $B/cef_tool $B/screen_watch $B/fault_injector.so
bench: all $(BENCHES) $B/screen_watch
	scripts/bench $B
demo:
	scripts/deps.sh demo
	$(MAKE) $B/capydeck
	scripts/demo $(abspath $B/capydeck)
ui: dist/index.js
# package.json names the version of pnpm.
PNPM = npx --yes $$(node -p 'require("./package.json").packageManager')
node_modules/.modules.yaml: package.json pnpm-lock.yaml
	$(PNPM) install --frozen-lockfile --silent
	@touch $@
dist/index.js: node_modules/.modules.yaml plugin.json native/steam/cef/steam_script.js \
		$(shell find frontend-stub -type f 2>/dev/null)
	$(PNPM) run --silent build
check-ui: node_modules/.modules.yaml
	scripts/check_ui
test-ui: all
	tests/ui/run $(abspath $B/capydeck) $(UI)
test:
	@scripts/deps.sh test || { echo; echo "0 passed, 1 failed"; exit 1; }
	@scripts/run_tests $(PARTS)
# What goes to Decky, and the part of it that Decky's store builds by itself; scripts/package.md.
PACKAGED := build/package/programs
package: package-programs
	rm -rf dist
	$(MAKE) ui
	scripts/package $(PACKAGED)
package-bin: package-programs
	scripts/bundle $(PACKAGED) build/package/bin
package-programs:
	$(MAKE) B=$(PACKAGED) BUNDLE=1 OPT=-O2 all
test-package: package $B/fake_game $B/screen_picture
	tests/package/run
# The program goes where the user calls it, what it starts by itself to libexec, and the unit where
# systemd looks for it: below a home that is share.
prefix = $(patsubst ~/%,$(HOME)/%,$(PREFIX))
UNIT_DIR = $(prefix)/$(if $(filter $(or $(HOME),none)/%,$(prefix)),share,lib)/systemd/user
install: all
	@$(MAKE) install-files
install-files:
	install -D -m 755 -t "$(DESTDIR)$(prefix)/bin" $B/capydeck
	install -D -m 755 -t "$(DESTDIR)$(prefix)/libexec/capydeck" \
		$(filter-out $B/capydeck,$(PROGRAMS)) $B/capydeck-pango.so
	sed 's|^ExecStart=[^ ]*|ExecStart=$(prefix)/bin/capydeck|' scripts/capydeck.service | \
		install -D -m 644 /dev/stdin "$(DESTDIR)$(UNIT_DIR)/capydeck.service"
	scripts/install_manpages $B/capydeck "$(DESTDIR)$(prefix)/share/man/man1"
clean: ; rm -rf build build-*

deps: ; scripts/deps.sh build
help: ; @sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile
compile_commands.json: FORCE
	@$(MAKE) -nB V=1 programs | scripts/compile_commands >$@

-include $(shell find $B/native $B/tests $B/*.d -name '*.d' 2>/dev/null)
.PHONY: FORCE all needs need-check deps help programs for-tests check check-plugin check-threads e2e faults check-faults powercut check-powercut test-gamescope sanitize coverage fuzz fuzz-run fuzz-coverage fuzz-replay lint syntax bench demo ui check-ui test-ui test package package-bin package-programs \
	test-package install install-files clean
.SECONDARY:

# make            the programs: build/capydeck*       make demo   the main job, end to end
# make test       everything that must hold          make bench  figures beside the machine's limit
# make check      unit tests and fuzz corpora        make e2e    a real agent driven from outside
# make sanitize   check under ASan+UBSan and TSan    make lint   warnings as errors, format, layers
# make ui         the plugin's interface: dist/      make check-ui   its types and unit tests
# make test-ui    the plugin in a real Chromium      make check-plugin   its backend
# make test-gamescope   the code on the screen of Game Mode, in a real gamescope
# make fuzz       libFuzzer, FUZZ_SECONDS a target   make install PREFIX=/usr/local DESTDIR=
# make package    build/package/CapyDeck.zip for Decky
# Variants: CC=clang, SAN=address,undefined, OPT=-O0, WERROR=-Werror; each builds in a folder of its own.
SHELL := /bin/bash
CC := gcc
OPT := -O2 -g
SAN :=
WERROR :=
VERSION := 0.1.0
PREFIX := /usr/local
FUZZ_SECONDS := 30
comma := ,
B := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(filter-out gcc,$(CC)),-$(CC))$(if $(WERROR),-werror)

PKGS := libwebsockets libcjson libcrypto avahi-client avahi-core
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wpointer-arith -Wwrite-strings \
	-Wimplicit-fallthrough -Wno-unused-parameter $(WERROR)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS = -std=gnu11 $(OPT) $(WARN) $(SANFLAGS) -pthread -D_GNU_SOURCE -DCAPYDECK_VERSION='"$(VERSION)"' \
	-Inative $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) sdl2 2>/dev/null)) $(EXTRA_CFLAGS)
LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -pthread
FETCH_LIBS = $(shell pkg-config --libs libcurl libcjson 2>/dev/null) -lm
OVERLAY_LIBS = $(shell pkg-config --libs sdl2 SDL2_ttf x11 xext libcjson 2>/dev/null) -lm
PANGO = $(shell pkg-config --cflags --libs pangocairo 2>/dev/null | sed 's/-I/-isystem /g')
CHECK_LIBS = $(shell pkg-config --libs check 2>/dev/null)
# With BUNDLE, libraries in lib/ beside the program go first: all, or the program's own needs only.
BUNDLE_ALL := $(if $(BUNDLE),-Wl$(comma)--disable-new-dtags$(comma)-rpath$(comma)'$$ORIGIN/lib')
BUNDLE_OWN := $(if $(BUNDLE),-Wl$(comma)--enable-new-dtags$(comma)-rpath$(comma)'$$ORIGIN/lib')

# Each of these is linked into a program of its own, the rest is the library.
PROGRAM_DIRS := native/cmd native/fetch native/overlay native/overlay_pango
# wildcard's order is the locale's, and the linker's input order decides what the program looks like.
objects = $(patsubst %.c,$B/%.o,$(sort $1))
LIB_OBJ := $(call objects,$(filter-out $(addsuffix /%,$(PROGRAM_DIRS)),$(wildcard native/*/*.c native/*/*/*.c)))
CMD_OBJ := $(call objects,$(wildcard native/cmd/*.c))
FETCH_OBJ := $(call objects,$(wildcard native/fetch/*.c))
OVERLAY_OBJ := $(call objects,$(wildcard native/overlay/*.c))
TESTS := $(patsubst tests/%.c,$B/%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$B/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(patsubst tests/bench/%.c,$B/%,$(wildcard tests/bench/bench_*.c))
NATIVE := $(wildcard native/*/*.[ch] native/*/*/*.[ch] tests/*.[ch] tests/*/*.[ch])

all: $B/capydeck $B/capydeck-fetch $B/capydeck-overlay $B/capydeck-pango.so
$B/capydeck: $(CMD_OBJ) $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS) $(BUNDLE_ALL)
$B/capydeck-fetch: $(FETCH_OBJ) $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(FETCH_LIBS) $(BUNDLE_ALL)
$B/capydeck-overlay: $(OVERLAY_OBJ) $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(OVERLAY_LIBS) $(BUNDLE_OWN)
$B/native/overlay/overlay_font.o: native/overlay/fonts/NotoSans-Bold.ttf
$B/capydeck-pango.so: native/overlay_pango/pango_line.c | .deps
	$(CC) $(filter-out -fsanitize%,$(CFLAGS)) -fPIC -shared -MMD -MP -o $@ $< $(PANGO)
$B/libcapydeck.a: $(LIB_OBJ)
	rm -f $@ && ar rcs $@ $^
$B/%.o: %.c | .deps
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<
$B/native/steam/steam_script.o: native/steam/cef/steam_script.js
$B/test_%: $B/tests/test_%.o $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(CHECK_LIBS) $(LIBS)
$B/test_overlay_%: $B/tests/test_overlay_%.o $(filter-out %/overlay_main.o,$(OVERLAY_OBJ)) $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(CHECK_LIBS) $(OVERLAY_LIBS)
$B/test_address_check: $B/tests/test_address_check.o $B/native/fetch/address_check.o $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(CHECK_LIBS) $(LIBS)
$B/test_overlay_text: | $B/capydeck-pango.so
$B/test_artwork_fetch: | $B/capydeck-fetch
$B/test_upload_%: $B/tests/test_upload_%.o $B/tests/upload_fixture.o $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(CHECK_LIBS) $(LIBS)
$B/fake_game: tests/e2e/fake_game.c | .deps
	$(CC) $(filter-out -fsanitize%,$(CFLAGS)) -o $@ $< $(shell pkg-config --libs sdl2)
$B/screen_picture: tests/e2e/screen_picture.c | .deps
	$(CC) $(filter-out -fsanitize%,$(CFLAGS)) -o $@ $< $(shell pkg-config --libs x11)
$B/mdns_peer $B/cef_tool: $B/%: $B/tests/%.o $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
$B/bench_%: $B/tests/bench/bench_%.o $B/tests/bench/wire.o $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
$B/screen_watch: $B/tests/bench/screen_watch.o
	$(CC) $(CFLAGS) -o $@ $^ $(shell pkg-config --libs x11 2>/dev/null)
$B/fuzz_%: $B/tests/fuzz/fuzz_%.o $(if $(findstring fuzzer,$(SAN)),,$B/tests/fuzz/replay.o) $B/libcapydeck.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
.deps:
	@scripts/deps.sh
	@touch .deps

check: all $(TESTS) $(FUZZERS)
	scripts/run_checks $B
e2e: all $B/cef_tool $B/fake_game $B/screen_picture
	tests/e2e/run $(abspath $B/capydeck) $(E2E)
test-gamescope: all
	tests/gamescope/run $(abspath $B/capydeck)
check-plugin: all
	tests/plugin/run $(abspath $B/capydeck)
sanitize:
	$(MAKE) SAN=address,undefined check
	$(MAKE) SAN=thread check-threads
check-threads: $B/test_worker $B/test_loop $B/test_chunk_writer $B/test_upload_store
	CK_FORK=no TSAN_OPTIONS=halt_on_error=1 scripts/run_checks $B
fuzz:
	$(MAKE) CC=clang SAN=fuzzer,address,undefined fuzz-run
fuzz-run: $(FUZZERS)
	scripts/run_fuzzers $B $(FUZZ_SECONDS)
lint:
	@clang-format --dry-run -Werror $(NATIVE)
	scripts/check_layers
	scripts/check_headers "$(CC) $(CFLAGS) -Werror"
	$(MAKE) WERROR=-Werror programs
	$(MAKE) CC=clang WERROR=-Werror programs
programs: all $(TESTS) $(FUZZERS) $(BENCHES) $B/mdns_peer $B/fake_game $B/screen_picture $B/cef_tool $B/screen_watch
bench: all $(BENCHES) $B/screen_watch
	scripts/bench $B
demo: $B/capydeck
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
test-ui: $B/capydeck $B/capydeck-fetch
	tests/ui/run $(abspath $B/capydeck) $(UI)
test: ; scripts/run_tests
# What goes to Decky, and the part of it that Decky's store builds by itself; scripts/package.md.
PROGRAMS := build/package/programs
package: package-programs
	rm -rf dist
	$(MAKE) ui
	scripts/package $(PROGRAMS)
package-bin: package-programs
	scripts/bundle $(PROGRAMS) build/package/bin
package-programs:
	$(MAKE) B=$(PROGRAMS) BUNDLE=1 OPT=-O2 all
test-package: package $B/fake_game $B/screen_picture
	tests/package/run
install: all
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $B/capydeck $B/capydeck-{fetch,overlay,pango.so}
	scripts/install_manpages $B/capydeck $(DESTDIR)$(PREFIX)/share/man/man1
clean: ; rm -rf build build-* .deps

-include $(shell find $B -name '*.d' 2>/dev/null)
.PHONY: all programs check check-plugin check-threads e2e test-gamescope sanitize fuzz fuzz-run lint bench demo ui check-ui test-ui test package package-bin package-programs \
	test-package install clean
.SECONDARY:

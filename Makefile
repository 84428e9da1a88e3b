# SPDX-License-Identifier: Apache-2.0
#
# make               release build: build/release/{dormouse.elf,dormouse.bin,firmware.bin}
# make DEBUG=1       the same under build/debug, with assertions and power-fault injection
# make PROBE=1       build/probe: a release build with the tests' checker in it (tests/probe)
# make LLVM=1        the same with clang and lld (build/release-llvm, build/debug-llvm)
# make unit          host unit tests under ASan and UBSan
# make fuzz          the host's fuzzers (docs/proof.md)
# make check         every test; ends with one line "N passed, N failed"
# make demo | run    see README.md
#
# Each folder says in its own build.mk what is made from it; this file holds what they share.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDEXPANSION:

# make V=1 shows the commands; otherwise one short line each: $(call say,CC,what)
Q   := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

PYTHON := /usr/bin/python3

flavour := $(if $(PROBE),probe,$(if $(DEBUG),debug,release))$(if $(LLVM),-llvm)
B       := build/$(flavour)
DEPS    := build/deps

ifdef LLVM
CC      := clang --target=aarch64-linux-gnu
LD      := ld.lld
OBJCOPY := llvm-objcopy
else
CC      := aarch64-linux-gnu-gcc
LD      := aarch64-linux-gnu-ld
OBJCOPY := aarch64-linux-gnu-objcopy
endif
HOSTCC  := gcc

WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
        -Wundef -Wvla -Wshadow -Wpointer-arith -Wwrite-strings -Wcast-qual -Wimplicit-fallthrough
# What all AArch64 code here is built with. -mstrict-align: the same C runs before the MMU is on,
# where every access is to Device memory and must be aligned. -mgeneral-regs-only: the FP/SIMD
# registers belong to the guests.
TARGET_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-common -fno-strict-aliasing -fno-pic -fpie \
        -march=armv8-a -mgeneral-regs-only -mstrict-align -mno-outline-atomics \
        -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
        -fstack-protector-strong $(WARN) $(if $(DEBUG),-DDEBUG=1)
TARGET_ASFLAGS := -g -ffreestanding -march=armv8-a -D__ASSEMBLER__

# libfdt for AArch64 comes from Debian's package; scripts/fetch unpacks it without installing.
LIBFDT     := $(DEPS)/libfdt/libfdt.a
LIBFDT_INC := $(DEPS)/libfdt/include

# Xen's public headers, and libraries for the tools, likewise.
XEN_DEP := $(DEPS)/xen/stamp
XEN_INC := $(DEPS)/xen/include
XEN_LIB := $(DEPS)/xen/lib

all:

include $(sort $(wildcard */build.mk tests/*/build.mk))

$(LIBFDT):
	scripts/fetch libfdt

clean:
	rm -rf build/release build/debug build/probe build/release-llvm build/debug-llvm build/unit build/tool build/fuzz/obj build/fuzz-coverage

.PHONY: all clean

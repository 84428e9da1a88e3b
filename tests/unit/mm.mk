# SPDX-License-Identifier: Apache-2.0
unit_stage2_SRCS := hyp/mm/stage2.c tests/fake/page.c $(FAKE)
unit_page_SRCS := hyp/mm/page.c $(FAKE)
unit_share_SRCS := hyp/mm/share.c hyp/mm/page.c hyp/lib/bitmap.c tests/unit/page_arena.c $(FAKE)

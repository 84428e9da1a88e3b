// SPDX-License-Identifier: Apache-2.0
#include "verbs.h"

int main(int argc, char **argv)
{
	return tool_run(argc, argv);
}

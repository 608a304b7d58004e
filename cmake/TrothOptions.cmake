# What a developer build demands, and the sanitizers a preset may ask for.
option(TROTH_WERROR "Warnings are errors" OFF)
option(TROTH_FUZZ "Fuzz targets are libFuzzer programs (clang only)" OFF)
set(TROTH_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

add_library(troth_options INTERFACE)
target_compile_definitions(troth_options INTERFACE _GNU_SOURCE
	TROTH_VERSION="${PROJECT_VERSION}")
target_include_directories(troth_options INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_options(troth_options INTERFACE
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
	-Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wswitch-enum
	-Wno-missing-field-initializers
	-fno-common -fstack-protector-strong -fPIE
	-UNDEBUG) # Asserts are compiled in always, whatever the build type says.
target_link_options(troth_options INTERFACE -pie -Wl,-z,relro,-z,now)
if(TROTH_WERROR)
	target_compile_options(troth_options INTERFACE -Werror)
endif()
if(TROTH_FUZZ)
	# Everything is counted for coverage; the targets add libFuzzer's main.
	target_compile_options(troth_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TROTH_SANITIZE)
	target_compile_options(troth_options INTERFACE
		-fsanitize=${TROTH_SANITIZE} -fno-omit-frame-pointer
		-fno-sanitize-recover=all)
	target_link_options(troth_options INTERFACE -fsanitize=${TROTH_SANITIZE})
else()
	target_compile_definitions(troth_options INTERFACE
		$<$<CONFIG:RelWithDebInfo,Release>:_FORTIFY_SOURCE=2>)
endif()

# troth_embed(<target> <symbol> <file>)
#
# Makes the bytes of a file part of a target: `const unsigned char <symbol>[]` and
# `const unsigned long <symbol>_len`. Done by cmake itself, at configure time, and
# again whenever the file changes.
function(troth_embed target symbol file)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
	file(READ ${file} hex HEX)
	string(LENGTH "${hex}" digits)
	math(EXPR len "${digits} / 2")
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
	set(out ${CMAKE_CURRENT_BINARY_DIR}/embed/${symbol}.c)
	file(CONFIGURE OUTPUT ${out} CONTENT
"extern const unsigned char @symbol@[];
extern const unsigned long @symbol@_len;
const unsigned char @symbol@[] = { @bytes@ };
const unsigned long @symbol@_len = @len@;
" @ONLY)
	target_sources(${target} PRIVATE ${out})
endfunction()

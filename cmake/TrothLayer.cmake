# troth_layer(<name> USES <layer>... LIBS <target>...)
#
# Declares src/<name>/*.c as one layer. USES names the layers whose contracts
# (include/troth/<layer>/) it may include; tests/tidy reads these declarations
# and holds every #include against them.
function(troth_layer name)
	cmake_parse_arguments(L "" "" "USES;LIBS" ${ARGN})
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c)
	if(NOT sources)
		add_library(troth_${name} INTERFACE)
		set(how INTERFACE)
	else()
		add_library(troth_${name} STATIC ${sources})
		target_include_directories(troth_${name}
			PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${name})
		set(how PUBLIC)
	endif()
	target_link_libraries(troth_${name} ${how} troth_options)
	foreach(u IN LISTS L_USES)
		target_link_libraries(troth_${name} ${how} troth_${u})
	endforeach()
	target_link_libraries(troth_${name} ${how} ${L_LIBS})
endfunction()

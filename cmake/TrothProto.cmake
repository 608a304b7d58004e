# Generates C from proto/troth/v1/*.proto into the build tree. Generated types
# are private to the wire layer; nothing generated is committed.
find_program(PROTOC_C protoc-c REQUIRED)
file(GLOB TROTH_PROTOS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/troth/v1/*.proto)
list(FILTER TROTH_PROTOS EXCLUDE REGEX "_view\\.proto$")
set(TROTH_PROTO_OUT ${CMAKE_BINARY_DIR}/proto)
set(TROTH_PROTO_SOURCES)
foreach(p IN LISTS TROTH_PROTOS)
	get_filename_component(name ${p} NAME_WE)
	set(out ${TROTH_PROTO_OUT}/troth/v1/${name}.pb-c)
	add_custom_command(OUTPUT ${out}.c ${out}.h
		COMMAND ${CMAKE_COMMAND} -E make_directory ${TROTH_PROTO_OUT}
		COMMAND ${PROTOC_C} --c_out=${TROTH_PROTO_OUT}
			-I${CMAKE_SOURCE_DIR}/proto ${p}
		DEPENDS ${TROTH_PROTOS} VERBATIM)
	list(APPEND TROTH_PROTO_SOURCES ${out}.c)
endforeach()
add_library(troth_proto STATIC ${TROTH_PROTO_SOURCES})
target_include_directories(troth_proto SYSTEM PUBLIC ${TROTH_PROTO_OUT})
target_link_libraries(troth_proto PUBLIC PkgConfig::PROTOBUF_C)
target_compile_options(troth_proto PRIVATE -w -O2 -fPIE)

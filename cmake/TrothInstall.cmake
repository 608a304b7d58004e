# What a system needs beside the program: units, users, places, example configurations.
foreach(unit troth-central troth-gateway)
	configure_file(${CMAKE_SOURCE_DIR}/dist/systemd/${unit}.service.in
		${CMAKE_BINARY_DIR}/dist/${unit}.service @ONLY)
	install(FILES ${CMAKE_BINARY_DIR}/dist/${unit}.service
		DESTINATION lib/systemd/system)
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/dist/sysusers.d/troth.conf DESTINATION lib/sysusers.d)
install(FILES ${CMAKE_SOURCE_DIR}/dist/tmpfiles.d/troth.conf DESTINATION lib/tmpfiles.d)
install(FILES ${CMAKE_SOURCE_DIR}/dist/central.conf ${CMAKE_SOURCE_DIR}/dist/gateway.conf
	DESTINATION ${CMAKE_INSTALL_DATADIR}/troth/examples)
# For auditors, who read copies of a store with stock tools.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/proto DESTINATION ${CMAKE_INSTALL_DATADIR}/troth)
